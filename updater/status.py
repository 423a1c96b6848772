"""What there is to tell about this client; `callstead updater status --json` tells it all."""

from __future__ import annotations

from typing import Any

from common.clock import Clock, stamp
from common.trust.expiry import of_memory
from updater.identity import Identity
from updater.journal import Journal, Program, Release
from updater.launcher import read_pointer
from updater.lock import is_held
from updater.paths import DataFolder, ProgramFolder
from updater.running import read_running


def describe(
    folder: DataFolder, journal: Journal, identity: Identity | None, clock: Clock
) -> dict[str, Any]:
    """A JSON object, from the database and the programs' folders."""
    waiting, oldest = journal.count_unsent()
    return {
        "at": stamp(clock.now()),
        "joined": identity is not None,
        "client": identity.client if identity else None,
        "name": identity.name if identity else None,
        "site": identity.site if identity else None,
        "address": identity.address if identity else None,
        "serving": is_held(folder.lock),
        "receipts_waiting": waiting,
        "oldest_receipt": oldest,
        "programs": [describe_program(folder, program, clock) for program in journal.programs()],
        "bad_releases": journal.bad_releases(),
    }


def describe_program(folder: DataFolder, program: Program, clock: Clock) -> dict[str, Any]:
    """One program."""
    place = folder.program(program.product)
    running, now = read_running(place.root), read_pointer(place.root)
    target = program.target
    return {
        "product": program.product,
        "channel": program.channel,
        "port": program.port,
        "state": str(program.state),
        "reason": program.reason,
        "since": program.since,
        "ordered": program.ordered,
        "held_until": stamp(program.hold.until)
        if program.hold and program.hold.holds(clock.now())
        else None,
        "current": _release(program.current),
        "previous": _release(program.previous),
        "target": {"version": target.version, "digest": target.digest} if target else None,
        "lists": _lists(place, clock),
        "generation": now.generation if now else None,
        "trial": bool(now and now.trial),
        "running": {"pid": running.pid, "slot": running.slot, "since": running.since}
        if running
        else None,
        "launcher": is_held(place.lock),
    }


def as_text(told: dict[str, Any]) -> str:
    """`describe` for people."""
    if not told["joined"]:
        lines = ["This computer has not joined a site."]
    else:
        lines = [f"{told['name']} ({told['client']}) at {told['site']}, {told['address']}"]
    lines.append("The updater is running." if told["serving"] else "The updater is not running.")
    if told["receipts_waiting"]:
        lines.append(f"{told['receipts_waiting']} receipts wait to be sent.")
    for program in told["programs"]:
        current, target = program["current"], program["target"]
        version = current["version"] if current else "nothing installed"
        onto = f" -> {target['version']}" if target else ""
        runs = (
            f"runs as process {program['running']['pid']}" if program["running"] else "not running"
        )
        where = f"channel {program['channel']}, port {program['port']}"
        lines += [
            f"{program['product']} {version}{onto} [{program['state']}], {where}, {runs}",
            f"    {program['reason'] or 'Nothing to tell.'}",
        ]
        if program["lists"] and program["lists"]["expired"]:
            lines.append(f"    {program['lists']['sentence']}")
    return "\n".join(lines)


def _lists(place: ProgramFolder, clock: Clock) -> dict[str, Any] | None:
    """Until when the vendor's lists that were seen here hold; None before the first look."""
    seen = [found for folder in place.trust.glob("own-*") if (found := of_memory(folder))]
    if not seen:
        return None
    newest = max(seen, key=lambda one: one.at)  # another root of trust left its memory behind
    expired = newest.at <= clock.now()
    sentence = f"{newest.what} holds until {stamp(newest.at)[:10]}."
    if expired:
        sentence = (
            f"{newest.what} passed its date on {stamp(newest.at)[:10]}: what is installed runs on, "
            "and nothing new is installed until a newer one comes."
        )
    return {"until": stamp(newest.at), "expired": expired, "sentence": sentence}


def _release(release: Release | None) -> dict[str, str] | None:
    return {"version": release.version, "digest": release.digest} if release else None
