"""``callstead updater``: this computer's updater."""

from __future__ import annotations

import contextlib
import re
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import click

from common import logs
from common.cli import group as cli_group
from common.cli import json_option, show
from common.clock import SystemClock, stamp
from common.errors import CallsteadError, OperatorError
from common.settings import Holder, load
from common.wire.release import CHANNELS, this_platform
from updater import check as checking
from updater import identity, self_care, slots, stick, verbs
from updater import join as joining
from updater.app import Updater, create_updater, open_journal, read_status, run_until_signalled
from updater.gate import standing
from updater.journal import Journal, Program
from updater.launcher.__main__ import main as launcher_main
from updater.lock import is_held, only_one
from updater.paths import SELF, DataFolder
from updater.receipts import send_waiting
from updater.settings import UpdaterSettings
from updater.states import State
from updater.status import as_text, describe

_FILE = click.Path(path_type=Path, dir_okay=False)
_PLACE = click.Path(path_type=Path, exists=True, file_okay=False)
_PRODUCT = re.compile(r"[a-z][a-z0-9-]{0,39}")
_ORDER_SECONDS = 60.0
_UNDONE = {State.ROLLED_BACK, State.FAILED}


@cli_group()
def group() -> None:
    """This computer's updater: keeps its programs up to date."""


@group.command()
@click.argument("address")
@click.argument("code")
@click.option("--root", "root_file", required=True, type=_FILE, help="The vendor's root.json.")
@click.option("--name", required=True, help="What people call this computer.")
@click.option("--again", is_flag=True, help="Leave an earlier site.")
@json_option
def join(address: str, code: str, root_file: Path, name: str, again: bool, as_json: bool) -> None:
    """Join the site whose communications server is at ADDRESS, with a CODE made there."""
    settings = _settings()
    folder = DataFolder(settings.folder)
    with only_one(folder.lock):
        who = joining.join(
            folder.identity,
            address,
            code,
            root_file,
            name,
            platform=this_platform(),
            limits=settings.network,
            again=again,
        )
    facts = {"client": who.client, "name": who.name, "site": who.site, "address": who.address}
    show(facts, as_json, f"This computer is {who.name!r} ({who.client}) at the site {who.site!r}.")


@group.command()
@click.argument("product")
@click.option("--channel", default="stable", show_default=True, type=click.Choice(CHANNELS))
@click.option("--port", default=0, type=click.IntRange(0, 65535), help="The program's port.")
@click.option(
    "--data", type=_PLACE, help="Folder of its data, if it ran here before; else it gets one."
)
@json_option
def adopt(product: str, channel: str, port: int, data: Path | None, as_json: bool) -> None:
    """Take care of PRODUCT on this computer: install it, keep it running and up to date.

    Where it ran before, it is started as soon as the old one has ended for good.
    """
    if not _PRODUCT.fullmatch(product):
        raise OperatorError(f"{product!r} is not a product's name (a-z, 0-9 and -).")
    if not port and product != SELF:
        raise OperatorError(f"Name the port that {product} is to listen on, with --port.")
    with _journal() as (_folder, journal):
        for other in journal.programs():
            if port and other.port == port and other.product != product:
                raise OperatorError(
                    f"Port {port} belongs to {other.product} already. Give {product} another one."
                )
        known = journal.program(product)
        if known and data and Path(known.data) != data.resolve():
            raise OperatorError(
                f"{product} is in care already, and its data stay where they are. --data is for "
                "the first time."
            )
        journal.adopt(product, channel, port, str(data.resolve()) if data else "")
    facts = {"product": product, "channel": channel, "port": port}
    where = f"channel {channel}, port {port}" if port else f"channel {channel}"
    show(facts, as_json, f"{product} is looked after from now on ({where}).")


@group.command()
def serve() -> None:
    """Keep this computer's programs up to date until stopped."""
    holder = _holder()
    logs.set_up("updater", holder.current.log_level)
    folder = DataFolder(holder.current.folder)
    if self_care.has_slot(folder):
        self_care.hand_over(folder)
    with only_one(folder.lock), _updater(holder) as updater:
        run_until_signalled(updater)
    if updater.hands_over:
        self_care.hand_over(folder)


@group.command(hidden=True)
@click.argument("folder", type=click.Path(path_type=Path))
def launch(folder: Path) -> None:
    """Be the launcher of FOLDER; for a packed updater, which has no `python -m`."""
    sys.exit(launcher_main([str(folder)]))


@group.command()
@json_option
def status(as_json: bool) -> None:
    """Tell who this client is, what runs here, and what is being done."""
    with _journal() as (folder, journal):
        told = describe(folder, journal, identity.find(folder.identity), SystemClock())
        if told["serving"]:
            live = read_status(folder.status) or {}
            told |= {key: live.get(key) for key in ("contact", "trouble", "progress")}
    show(told, as_json, as_text(told))


@group.command()
@click.argument("product", required=False)
@json_option
def check(product: str | None, as_json: bool) -> None:
    """Look for releases of PRODUCT (or of all) now. Nothing is changed on this computer."""
    found = []
    with _quiet(), _updater(_holder()) as updater:
        for program in _chosen(updater.journal, product):
            seen = checking.peek(program, updater.tools(program.product, memory="look"))
            found.append(
                {
                    "product": program.product,
                    "installed": program.current.version if program.current else None,
                    "available": seen.target.version if seen.target else None,
                    "reason": seen.sentence,
                }
            )
    text = "\n".join(str(one["reason"]) for one in found) or "No program is looked after here."
    show(found, as_json, text)


@group.command("import")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
@json_option
def import_folder(folder: Path, as_json: bool) -> None:
    """Take fresh lists and releases from FOLDER, a USB stick, when the site's server cannot.

    Everything is verified as ever; the updater installs it by the same steps, at its next look.
    """
    found, lines = [], []
    with _quiet(), _updater(_holder()) as updater:
        for program in _chosen(updater.journal, None):
            brought = stick.bring(program, updater.tools_for_stick(program.product, folder))
            until = stamp(brought.expiry.at) if brought.expiry else None
            found.append(
                {"product": brought.product, "version": brought.version, "holds_until": until}
            )
            what = brought.version or "nothing to install"
            lines.append(f"{brought.product}: {what}; the lists hold until {(until or '?')[:10]}")
    show(found, as_json, "\n".join(lines) or "No program is looked after here.")


@group.command()
@click.argument("product")
@click.option(
    "--patience",
    default=600.0,
    show_default=True,
    type=click.FloatRange(min=0),
    help="Seconds until this command gives up waiting; the next one goes on.",
)
@click.option("--now", is_flag=True, help="Wait for no window and no postponement.")
@json_option
def apply(product: str, patience: float, now: bool, as_json: bool) -> None:
    """Bring PRODUCT up to date now, in this process, when no updater is running.

    A program in use is waited for, also with --now.
    """
    holder = _holder()
    with _quiet(), only_one(DataFolder(holder.current.folder).lock), _updater(holder) as updater:
        before = updater.engine(product).read()
        seen: set[State] = set()
        after = _drive(updater, product, patience, _teller(as_json, seen), at_once=now)
        _send_receipts(updater)
    facts = {
        "product": product,
        "state": str(after.state),
        "from": before.current.version if before.current else None,
        "version": after.current.version if after.current else None,
        "reason": after.reason,
    }
    show(facts, as_json, after.reason)
    sys.exit(1 if after.state is not State.IDLE or seen & _UNDONE else 0)


@group.command()
@click.argument("product", required=False)
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 10_000))
@json_option
def history(product: str | None, limit: int, as_json: bool) -> None:
    """Tell what was done here, oldest first."""
    with _journal() as (_folder, journal):
        lines = journal.history(product, limit)
    text = "\n".join(
        f"{line['at']} {line['product']} {line['event'] or '-'} [{line['state']}] {line['note']}"
        for line in lines
    )
    show(lines, as_json, text or "Nothing has happened here yet.")


@group.command()
@click.argument("product", required=False)
@json_option
def plan(product: str | None, as_json: bool) -> None:
    """Tell in words what would be done with PRODUCT (or all) now, and what would be waited for."""
    with _quiet(), _updater(_holder()) as updater:
        found = [
            verbs.plan(program, updater.tools(program.product, memory="look"))
            for program in _chosen(updater.journal, product)
        ]
    text = "\n".join(verbs.in_words(one) for one in found) or "No program is looked after here."
    show(found, as_json, text)


@group.command()
@click.argument("product")
@click.option("--until", default=None, help="E.g. 2026-12-01T06:00, this computer's time.")
@click.option("--end", is_flag=True, help="Postpone it no longer.")
@json_option
def hold(product: str, until: str | None, end: bool, as_json: bool) -> None:
    """Postpone the switch of PRODUCT; a critical release waits only its time, a call is never cut.

    What is fetched and built meanwhile is switched on at the end.
    """
    if bool(until) == end:
        raise OperatorError("Say until when with --until, or --end to postpone it no longer.")
    with _journal() as (_folder, journal):
        _chosen(journal, product)
        when = verbs.moment(until) if until else None
        facts = verbs.hold(journal, product, when, SystemClock().now())
    show(
        facts, as_json, f"{product} is {'postponed until ' + until if until else 'not postponed'}."
    )


@group.command()
@click.option(
    "--repair", is_flag=True, help="Build what was changed again, from the vendor's pack."
)
@json_option
def verify(repair: bool, as_json: bool) -> None:
    """Hash every installed release again and compare it with what was signed."""
    found = []
    with _journal() as (folder, journal):
        for program in journal.programs():
            place = folder.program(program.product).slots
            for release in (program.current, program.previous):
                if release:
                    findings = slots.verify(place, release.digest)
                    found.append(
                        {
                            "product": program.product,
                            "version": release.version,
                            "digest": release.digest,
                            "findings": findings,
                        }
                    )
    lines = [
        f"{one['product']} {one['version']}: {' '.join(one['findings']) or 'as it was signed.'}"
        for one in found
    ]
    show(found, as_json, "\n".join(lines) or "No release is installed here.")
    changed = sorted({str(one["product"]) for one in found if one["findings"]})
    for product in changed if repair else ():
        _carry_out(product, Journal.order_repair, _teller(as_json))
    sys.exit(1 if changed and not repair else 0)


@group.command()
@click.argument("product")
@json_option
def rollback(product: str, as_json: bool) -> None:
    """Go back to the release of PRODUCT before this one; this one is never installed again."""
    with _journal() as (_folder, journal):
        before = _chosen(journal, product)[0]
        if before.current is None or before.previous is None:
            raise OperatorError(f"There is no release of {product} before to go back to.")
    after = _carry_out(product, Journal.order_rollback, _teller(as_json))
    now = after.current.version if after.current else None
    facts = {"product": product, "from": before.current.version, "version": now}
    show(facts | {"reason": after.reason}, as_json, after.reason)
    if now != before.previous.version:
        raise OperatorError(f"{product} was not rolled back: {after.reason}")


def _carry_out(
    product: str, order: Callable[[Journal, str], None], tell: Callable[[Program], None]
) -> Program:
    """Give an order, and wait until the running updater, or this process, has carried it out."""
    holder = _holder()
    folder = DataFolder(holder.current.folder)
    with _journal() as (_folder, journal):
        order(journal, product)
        if is_held(folder.lock):
            return _await_order(journal, product)
    with _quiet(), only_one(folder.lock), _updater(holder) as updater:
        after = _drive(updater, product, _ORDER_SECONDS, tell, once=True)
        _send_receipts(updater)
    return after


def _send_receipts(updater: Updater) -> None:
    """Tell what happened if the server is there; else the next updater does."""
    with contextlib.suppress(CallsteadError):
        send_waiting(updater.journal, updater.comm)


def _drive(
    updater: Updater,
    product: str,
    patience: float,
    tell: Callable[[Program], None],
    *,
    once: bool = False,
    at_once: bool = False,
) -> Program:
    """Step one engine until nothing is left to do, or ``patience`` seconds are over.

    With ``once`` only what is begun or ordered is done; nothing new is looked for.
    """
    if product == SELF:
        raise OperatorError(
            "The updater updates itself while it runs. Start it: `callstead updater serve`."
        )
    engine = updater.engine(product)
    if at_once:
        engine.hurry()
    engine.recover()
    deadline, looked = time.monotonic() + patience, False
    while True:
        updater.look_after_launchers()
        before = engine.read()
        if before.state is State.IDLE and not before.ordered and (looked or once):
            return before
        looked = looked or before.state is State.IDLE
        pause = engine.step()
        after = engine.read()
        if (after.state, after.reason) != (before.state, before.reason):
            tell(after)
        if after.state is State.IDLE and pause > 0:
            return after  # nothing newer, or not reached: the reason tells
        if time.monotonic() + pause > deadline:
            return after
        time.sleep(pause)


def _await_order(journal: Journal, product: str) -> Program:
    """The running updater carries the order out; wait until it has."""
    deadline = time.monotonic() + _ORDER_SECONDS
    while True:
        program = _chosen(journal, product)[0]
        if not program.ordered and program.state is State.IDLE:
            return program
        if time.monotonic() > deadline:
            raise OperatorError(
                f"The running updater has not yet done this with {product} ({program.state}: "
                f"{program.reason}). It will as soon as it can; see `callstead updater status`."
            )
        time.sleep(0.2)


def _chosen(journal: Journal, product: str | None) -> list[Program]:
    programs = [p for p in journal.programs() if product in {None, p.product}]
    if product and not programs:
        raise OperatorError(
            f"{product!r} is not looked after here. "
            f"`callstead updater adopt {product} --port N` begins it."
        )
    return programs


def _teller(as_json: bool, seen: set[State] | None = None) -> Callable[[Program], None]:
    def tell(program: Program) -> None:
        if seen is not None:
            seen.add(program.state)
        if not as_json:
            click.echo(f"[{program.state}] {program.reason}", err=True)

    return tell


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Commands speak to people: events of the log below a warning are not for them."""
    logs.set_up("updater", "warning")
    yield


def _settings() -> UpdaterSettings:
    settings = load(UpdaterSettings, "updater")
    # What cannot be understood is refused before anything begins.
    standing(settings.window, SystemClock().now())
    return settings


def _holder() -> Holder[UpdaterSettings]:
    return Holder(_settings)


@contextlib.contextmanager
def _updater(holder: Holder[UpdaterSettings]) -> Iterator[Updater]:
    updater = create_updater(holder)
    try:
        yield updater
    finally:
        updater.close()


@contextlib.contextmanager
def _journal() -> Iterator[tuple[DataFolder, Journal]]:
    folder = DataFolder(_settings().folder)
    identity.load(folder.identity)  # before joining there is nothing to open
    journal = open_journal(folder, SystemClock())
    try:
        yield folder, journal
    finally:
        journal.close()
