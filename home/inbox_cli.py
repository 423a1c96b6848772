"""``callstead home serve``, ``home site …`` and ``home inbox …``; `home.cli` adds them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from common.cli import Group, json_option, show
from common.logs import set_up
from common.settings import load
from home.inbox.files import BundleFiles
from home.inbox.reader import Outcome
from home.settings import HomeSettings
from home.sites import add_site, list_sites

if TYPE_CHECKING:
    from home.app import Parts


def add_to(group: click.Group) -> None:
    """Add this module's commands to ``callstead home``."""
    for command in (serve, site, inbox):
        group.add_command(command)


@contextlib.contextmanager
def _parts() -> Iterator[Parts]:
    from home import app  # noqa: PLC0415 - the web takes 0.5 s to load, and packing needs none

    set_up("home", "error")  # what a command found stands in its answer
    parts = app.create_parts()
    try:
        yield parts
    finally:
        parts.close()


@click.command(cls=Group.command_class)
def serve() -> None:
    """Take the sites' mails, show the console and hand out releases, until told to stop."""
    from home import app  # noqa: PLC0415 - as above

    set_up("home", load(HomeSettings, "home").log_level)
    app.serve()


@click.group(cls=Group)
def site() -> None:
    """Sites and the kits that set them up."""


@site.command("add")
@click.argument("name")
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File for the kit.")
@json_option
def site_add(name: str, out: Path, as_json: bool) -> None:
    """Register the site NAME and write its kit, which is secret until the site is set up."""
    with _parts() as parts:
        made = add_site(parts.store, parts.kits(), name, out, parts.clock)
    text = (
        f"The kit of {name} is in {out}.\nBring it to the site by a safe way and run there: "
        f"callstead comm init --kit {out.name}"
    )
    show({"site": made, "name": name, "kit": str(out)}, as_json, text)


@site.command("list")
@json_option
def site_list(as_json: bool) -> None:
    """Every site: when it was last heard of, and how many bundles came."""
    with _parts() as parts:
        rows = list_sites(parts.store)
    lines = [
        f"{row['name']:<30} last heard of {row['heard_at'] or 'never':<25} "
        f"bundles {row['bundles']:<6} clients {row['clients']}"
        for row in rows
    ]
    show(
        rows, as_json, "\n".join(lines) or "There is no site yet. Make one: callstead home site add"
    )


@click.group(cls=Group)
def inbox() -> None:
    """The sites' mails."""


@inbox.command("read")
@json_option
def inbox_read(as_json: bool) -> None:
    """Read what waits in the Maildir and the IMAP mailbox, once. `home serve` does it by itself."""
    with _parts() as parts:
        _tell([*parts.reader.read(parts.maildir), *parts.read_imap()], as_json)


@inbox.command("import")
@click.argument("folder", type=click.Path(path_type=Path))
@json_option
def inbox_import(folder: Path, as_json: bool) -> None:
    """Read the bundles (*.csb, *.eml) in FOLDER, a USB stick say, and lay the answers there.

    The stick then carries FOLDER/acks back to the site. Reading a stick twice does no harm.
    """
    with _parts() as parts:
        files = BundleFiles(folder, parts.settings.current.mail.most_bytes)
        outcomes = parts.reader.read(files)
        for name in sorted({outcome.site for outcome in outcomes if outcome.site}):
            number = parts.store.value("SELECT id FROM sites WHERE name = ?", [name])
            files.leave(f"{number}.json", parts.acknowledger.write(number).read_bytes())
    _tell(outcomes, as_json)


@inbox.command("retry")
@json_option
def inbox_retry(as_json: bool) -> None:
    """Read the refused mails once more, after what kept them out was mended."""
    with _parts() as parts:
        parts.store.execute("DELETE FROM refused_mails")
        parts.maildir.retry_refused()
        _tell([*parts.reader.read(parts.maildir), *parts.read_imap(retry=True)], as_json)


def _tell(outcomes: list[Outcome], as_json: bool) -> None:
    lines = [
        f"{outcome.what:<10} {outcome.name}"
        + (f": {outcome.site}, bundle {outcome.sequence}" if outcome.site else "")
        + (f": {outcome.sentence}" if outcome.sentence else "")
        for outcome in outcomes
    ]
    show([asdict(outcome) for outcome in outcomes], as_json, "\n".join(lines) or "Nothing waits.")
