"""``callstead home pack``."""

from __future__ import annotations

import contextlib
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from common.cli import Command, Group, json_option, show
from common.clock import SystemClock
from common.settings import load
from common.wire.release import Data, Health, Manifest, this_platform
from home import pack as packing
from home.deltas import Told, make_deltas
from home.maps import keep, maps_folder
from home.publish import room
from home.settings import HomeSettings

_FOLDER = click.Path(path_type=Path, file_okay=False)


def add_to(group: Group) -> None:
    """Add the command to `callstead home`."""
    group.add_command(pack)


@click.command(cls=Command)
@click.argument("folder", type=_FOLDER)
@click.option("--product", required=True, help="E.g. companion.")
@click.option("--version", required=True, help="E.g. 1.0.1.")
@click.option("--start", required=True, help="Command line; its first word is a file of FOLDER.")
@click.option("--health-path", default="", help="Answers 200 when the program works: /healthz.")
@click.option("--healthy-within", default=Health.within, show_default=True, help="Seconds.")
@click.option("--healthy-for", default=Health.steady, show_default=True, help="Seconds.")
@click.option("--check", default="", help="Command line of its own check; first word: a file.")
@click.option("--platform", default=this_platform(), show_default=True)
@click.option("--data-schema", default=0, help="Number of the shape in which it leaves its data.")
@click.option("--data-readable-by", default="", help="Lowest version that reads its data.")
@click.option(
    "--database", multiple=True, help="SQLite file of its data folder, copied before a switch."
)
@click.option("--data-hook", default="", help="Command line that copies and restores other data.")
@click.option("--floor", default="", help="Lowest version that may run once this one has run.")
@click.option("--critical", is_flag=True, help="May shorten the wait for a site's window.")
@click.option("--notes", default="", help="What is new, for the sites' administrators.")
@click.option("--maps", type=_FOLDER, help="Folder of its scripts' source maps, kept here.")
@click.option("--out", required=True, type=_FOLDER, help="Folder to make the pack in.")
@json_option
def pack(
    folder: Path,
    product: str,
    version: str,
    start: str,
    health_path: str,
    healthy_within: float,
    healthy_for: float,
    check: str,
    platform: str,
    data_schema: int,
    data_readable_by: str,
    database: tuple[str, ...],
    data_hook: str,
    floor: str,
    critical: bool,
    notes: str,
    maps: Path | None,
    out: Path,
    as_json: bool,
) -> None:
    """Make a pack of FOLDER, a program as PyInstaller leaves it."""
    draft = Manifest(
        product=product,
        version=version,
        platform=platform,
        start=tuple(shlex.split(start)),
        files=(),
        health=Health(health_path, healthy_within, healthy_for, tuple(shlex.split(check))),
        notes=notes,
        data=Data(data_schema, data_readable_by, database, tuple(shlex.split(data_hook))),
        floor=floor,
        critical=critical,
    )
    settings = load(HomeSettings, "home")
    with _bar(f"packing {product} {version}") as progress:
        packed = packing.pack(
            folder,
            draft,
            out,
            level=settings.pack.level,
            clock=SystemClock(),
            progress=progress,
        )
    manifest = packed.manifest
    kept = keep(maps_folder(settings.folder), maps, product, version) if maps else 0
    for left in out.glob("from-*.delta"):
        left.unlink()  # of an earlier pack in this folder
    with _bars() as told:
        deltas = make_deltas(
            folder,
            manifest,
            room.bases(settings, SystemClock(), manifest),
            out,
            most=packed.pack_size,
            level=settings.pack.delta_level,
            told=told,
        )
    facts = {
        "pack": str(out),
        "product": manifest.product,
        "version": manifest.version,
        "platform": manifest.platform,
        "digest": manifest.digest,
        "files": len(manifest.files),
        "size": manifest.size,
        "pack_size": packed.pack_size,
        "maps": kept,
        "deltas": {delta.base.version: delta.size for delta in deltas},
    }
    text = (
        f"{manifest.product} {manifest.version} for {manifest.platform}: "
        f"{len(manifest.files)} files, {manifest.size} bytes, packed {packed.pack_size}, in {out}"
    )
    for delta in deltas:
        text += f"\n  from {delta.base.version}: {delta.size} bytes"
    show(facts, as_json, text)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[packing.Progress]:
    """One progress bar on a terminal; nothing elsewhere."""
    with _bars() as told:
        yield lambda done, total: told(title, done, total)


@contextlib.contextmanager
def _bars() -> Iterator[Told]:
    """A progress bar on a terminal for each title; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _title, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - takes 0.1 s, which no other command needs
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bars:
        tasks: dict[str, Any] = {}

        def told(title: str, done: int, total: int) -> None:
            if title not in tasks:
                tasks[title] = bars.add_task(title)
            bars.update(tasks[title], completed=done, total=total)

        yield told
