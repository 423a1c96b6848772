"""``callstead home push`` and ``callstead home site inbox``."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.cli import Group, json_option, show
from common.clock import SystemClock
from common.errors import CallsteadError, OperatorError
from common.settings import load
from home.settings import HomeSettings

if TYPE_CHECKING:
    from home.push.service import Pusher, Told


def add_to(group: click.Group, site: click.Group) -> None:
    """Add ``push`` to the home's commands and ``inbox`` to those about sites."""
    group.add_command(push)
    site.add_command(inbox)


@click.command(cls=Group.command_class)
@click.argument("sites", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every site that takes pushes.")
@click.option("--again", is_flag=True, help="Send everything, whatever was sent before.")
@json_option
def push(sites: tuple[str, ...], everyone: bool, again: bool, as_json: bool) -> None:
    """Bring SITES the newest releases by SFTP; one that breaks off goes on where it was.

    A site takes a push when its last file is there, through the same gate as any other way in.
    """
    if bool(sites) == everyone:
        raise OperatorError("Name the sites to push to, or say --all.")
    done, failed = [], []
    with _pusher() as pusher, _bars() as told:
        for site in sites or pusher.sites():
            try:
                done.append(pusher.push(site, told, again=again))
            except CallsteadError as error:
                if not everyone:
                    raise
                failed.append({"site": site, "reason": str(error), "status": error.exit_status})
    text = [f"{one.site}: {one.files} files are there, {one.sent} bytes sent" for one in done]
    text += [f"{one['site']}: {one['reason']}" for one in failed]
    show(
        {"pushed": [asdict(one) for one in done], "failed": failed},
        as_json,
        "\n".join(text) or "No site takes pushes yet: `callstead home site inbox`.",
    )
    if failed:
        sys.exit(max(int(str(one["status"])) for one in failed))


@click.command(cls=Group.command_class)
@click.argument("site")
@click.option("--host", required=True, help="Name or address of the site's SSH server.")
@click.option("--port", default=22, show_default=True, type=click.IntRange(1, 65535))
@click.option("--user", default="callstead-push", show_default=True)
@click.option(
    "--host-key",
    required=True,
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="The site's ssh_host_ed25519_key.pub.",
)
@click.option("--folder", default="/inbox", show_default=True, help="As that user sees it.")
@json_option
def inbox(
    site: str, host: str, port: int, user: str, host_key: Path, folder: str, as_json: bool
) -> None:
    """Tell where SITE takes pushes, and print the key that the site must let in."""
    from home.push.sftp import Place  # noqa: PLC0415 - SSH takes 0.3 s to load

    line = " ".join(host_key.read_text(encoding="utf-8", errors="replace").split())
    with _pusher() as pusher:
        key = pusher.set_place(site, Place(host, port, user, line, folder))
    text = f"{key}\n\nGive this line to the site: its packaging/push-inbox/set-up takes it."
    show({"site": site, "public_key": key}, as_json, text)


@contextlib.contextmanager
def _pusher() -> Iterator[Pusher]:
    from home.push.by_itself import open_pusher  # noqa: PLC0415 - as above

    with open_pusher(load(HomeSettings, "home"), SystemClock()) as pusher:
        yield pusher


@contextlib.contextmanager
def _bars() -> Iterator[Told]:
    """One progress bar, of the file that is on its way; on a terminal alone."""
    if not sys.stderr.isatty():
        yield lambda _path, _done, _total: None
        return
    from rich.console import Console  # noqa: PLC0415 - takes 0.1 s, which no other command needs
    from rich.progress import Progress  # noqa: PLC0415

    with Progress(console=Console(stderr=True)) as bars:
        task = bars.add_task("")

        def told(path: str, done: int, total: int) -> None:
            name = path.rpartition("/")[2].partition(".")[2] or path
            bars.update(task, description=name, completed=done, total=total)

        yield told
