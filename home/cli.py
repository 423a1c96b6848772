"""``callstead home``: keys, packs, publication, channels. The inbox's commands are beside it."""

from __future__ import annotations

import contextlib
import getpass
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click

from common.cli import group as cli_group
from common.cli import json_option, show
from common.clock import SystemClock
from common.settings import load
from common.wire.release import CHANNELS, Data, Health, Manifest, this_platform
from home import inbox_cli, signing_cli
from home import pack as packing
from home.publish import room
from home.publish.rotation import read_public
from home.settings import HomeSettings

_FOLDER = click.Path(path_type=Path, file_okay=False)
_FILE = click.Path(path_type=Path, dir_okay=False)


@cli_group()
def group() -> None:
    """The vendor's side: sign and ship releases, read the mail, watch the fleet."""


@group.command()
@json_option
def init(as_json: bool) -> None:
    """Make the vendor's keys and an empty publication. On a home that exists, change nothing."""
    settings = _settings()
    made = room.initialise(settings, SystemClock())
    text = (
        f"Made {len(made)} keys and an empty publication in {settings.folder}.\n"
        f"Move {settings.folder / 'keys' / 'offline'} to a safe place when you do not sign."
        if made
        else f"The home in {settings.folder} is ready; nothing was changed."
    )
    show({"folder": str(settings.folder), "made": made}, as_json, text)


@group.command()
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
    with _bar(f"packing {product} {version}") as progress:
        packed = packing.pack(
            folder,
            draft,
            out,
            level=_settings().pack.level,
            clock=SystemClock(),
            progress=progress,
        )
    manifest = packed.manifest
    facts = {
        "pack": str(out),
        "product": manifest.product,
        "version": manifest.version,
        "platform": manifest.platform,
        "digest": manifest.digest,
        "files": len(manifest.files),
        "size": manifest.size,
        "pack_size": packed.pack_size,
    }
    text = (
        f"{manifest.product} {manifest.version} for {manifest.platform}: "
        f"{len(manifest.files)} files, {manifest.size} bytes, packed {packed.pack_size}, in {out}"
    )
    show(facts, as_json, text)


@group.command()
@click.argument("pack_folder", type=_FOLDER)
@click.option("--channel", default=CHANNELS[0], show_default=True, type=click.Choice(CHANNELS[:1]))
@click.option("--by", default=None, help="Who answers for it; default: the user who runs this.")
@signing_cli.export_option
@json_option
def publish(
    pack_folder: Path, channel: str, by: str | None, export: Path | None, as_json: bool
) -> None:
    """Sign the pack in PACK_FOLDER and let it into the first channel."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        manifest = releases.publish(pack_folder, by or getpass.getuser())
    facts = {
        "product": manifest.product,
        "version": manifest.version,
        "platform": manifest.platform,
        "channel": channel,
        "digest": manifest.digest,
    }
    text = f"{manifest.product} {manifest.version} for {manifest.platform} "
    text += _to_be_signed(export) if export else f"is signed and in {channel}"
    show(facts, as_json, text)


@group.command()
@click.argument("product")
@click.argument("version")
@click.option("--to", "channel", required=True, type=click.Choice(CHANNELS[1:]))
@click.option("--by", required=True, help="The person who answers for it; stands in the log.")
@signing_cli.export_option
@json_option
def promote(
    product: str, version: str, channel: str, by: str, export: Path | None, as_json: bool
) -> None:
    """Let VERSION of PRODUCT into the next channel, in somebody's name."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        pointer = releases.promote(product, version, channel, by)
    facts = {"product": product, "channel": channel, "releases": pointer, "by": by}
    text = f"{channel} of {product} is now at {version}, approved by {by}"
    if export:
        text = f"{product} {version} {_to_be_signed(export)}"
    show(facts, as_json, text)


@group.command()
@json_option
def freshen(as_json: bool) -> None:
    """Sign snapshot and timestamp again now, with the online keys alone."""
    signed = room.freshen(_settings(), SystemClock(), force=True)
    show({"signed": signed}, as_json, f"Signed again: {', '.join(signed)}")


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Products, channels, the ages of the signatures, and the log of approvals."""
    facts = room.status(_settings(), SystemClock())
    show(facts, as_json, _status_text(facts))


@group.group()
def product() -> None:
    """Products and their keys."""


@product.command("add")
@click.argument("name")
@click.option("--public-key", type=_FILE, default=None, help="A key that was made elsewhere.")
@signing_cli.export_option
@json_option
def product_add(name: str, public_key: Path | None, export: Path | None, as_json: bool) -> None:
    """Give product NAME a key of its own. Publishing its first pack does this too."""
    with room.open_releases(_settings(), SystemClock(), export) as releases:
        added = releases.add_product(name, read_public(public_key) if public_key else None)
    text = f"{name} has its key now" if added else f"{name} has a key already"
    if export and added:
        text = f"{name} {_to_be_signed(export)}"
    show({"product": name, "added": added}, as_json, text)


inbox_cli.add_to(group)
signing_cli.add_to(group)


def _to_be_signed(file: Path) -> str:
    return (
        f"waits for signatures: `callstead home sign {file.name}` where the keys are, "
        f"then `callstead home finish {file.name}` here"
    )


def _settings() -> HomeSettings:
    return load(HomeSettings, "home")


def _status_text(facts: dict[str, Any]) -> str:
    lines = []
    for name, product_facts in facts["products"].items():
        lines.append(name)
        for channel, pointer in product_facts["channels"].items():
            where = ", ".join(f"{version} ({platform})" for platform, version in pointer.items())
            lines.append(f"  {channel:<7}{where or '-'}")
    for name, role in facts["roles"].items():
        lines.append(f"{name:<20} version {role['version']:<6} {role['days_left']} days left")
    log = facts["approvals"]
    lines.append(f"approvals: {log['entries']}, the log is {log['chain']}")
    return "\n".join(lines)


@contextlib.contextmanager
def _bar(title: str) -> Iterator[packing.Progress]:
    """A progress bar on a terminal; nothing elsewhere."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - takes 0.1 s, which no other command needs
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task(title)
        yield lambda done, total: bars.update(task, completed=done, total=total)
