"""Verbs of ``callstead updater`` that tell or decide what will be done: plan, hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from common.clock import stamp
from common.errors import CallsteadError, NetworkError, OperatorError
from common.wire.release import Manifest, pack_target
from updater import check, fetch, snapshots
from updater.gate import Gate, ask
from updater.gate_rules import Act, decide
from updater.journal import Journal, Program
from updater.running import read_running
from updater.tools import Tools

MOST_HOLD = timedelta(days=31)


def plan(program: Program, tools: Tools) -> dict[str, Any]:
    """What would be done with ``program`` now, in words; nothing is changed, nobody drained.

    Returns:
        ``product``, ``from``, ``to`` (None: nothing to do), ``bytes`` to fetch, ``by`` (delta or
        full), ``size`` on disk, ``critical``, ``snapshot`` (bytes), ``closed_doors``, ``waits``
        (sentences: what stands in the way now), ``reason``.

    Raises:
        RefusedError, NetworkError: what is offered is refused, or cannot be seen.
    """
    found = check.peek(program, tools)
    current = program.current.version if program.current else None
    told: dict[str, Any] = {"product": program.product, "from": current, "to": None}
    told["reason"] = found.sentence
    if found.target is None:
        return told
    target = found.target
    length, by = _bytes(program, tools, target)
    data = snapshots.plan(target, current)
    return told | {
        "to": target.version,
        "bytes": length,
        "by": by,
        "size": target.size,
        "critical": target.critical,
        "snapshot": snapshots.needed_bytes(target, tools.folder) if data.snapshot else 0,
        "closed_doors": data.closed,
        "waits": _waits(replace(program, target=target), tools),
    }


def in_words(told: dict[str, Any]) -> str:
    """`plan` for people."""
    if told["to"] is None:
        return str(told["reason"])
    before = told["from"] or "nothing"
    critical = ", which its vendor calls critical" if told["critical"] else ""
    fetched, written = _size(told["bytes"]), _size(told["size"])
    lines = [
        f"{told['product']}: from {before} to {told['to']}{critical}.",
        f"  {fetched} would be fetched as a {told['by']}, {written} written.",
    ]
    if told["snapshot"]:
        lines.append(f"  {_size(told['snapshot'])} of its data would be copied before the switch.")
    if told["closed_doors"]:
        lines.append(
            f"  {before} cannot read what {told['to']} writes: it would take nothing from anybody "
            "until it has proved itself."
        )
    waits = told["waits"] or ["Nothing stands in the way now."]
    return "\n".join([*lines, *(f"  {sentence}" for sentence in waits)])


def hold(
    journal: Journal, product: str, until: datetime | None, now: datetime
) -> dict[str, str | None]:
    """Postpone the switch of ``product``, or no longer.

    Raises:
        OperatorError: the end is past, or too far away.
    """
    if until is not None and not now < until <= now + MOST_HOLD:
        raise OperatorError(
            f"An update is postponed until a time in the next {MOST_HOLD.days} days, not until "
            f"{stamp(until)}. Whoever must wait longer postpones it again."
        )
    why = f"postponed until {stamp(until)}" if until else "postponed no longer"
    journal.hold(product, until, why)
    return {"product": product, "until": stamp(until) if until else None}


def moment(text: str) -> datetime:
    """``2026-12-01T06:00``, in this computer's time if it names no zone. Raises OperatorError."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        raise OperatorError(f"{text!r} is no time. Write it like 2026-12-01T06:00.") from None


def _bytes(program: Program, tools: Tools, target: Manifest) -> tuple[int, str]:
    name = pack_target(target.product, target.version, target.platform)
    length, _sha256 = tools.repository.info(name)
    delta = fetch.delta_to(program, tools, target.version, target.digest)
    return (delta.length, "delta") if delta and delta.length < length else (length, "full pack")


def _waits(program: Program, tools: Tools) -> list[str]:
    waits = []
    try:
        turn = check.ask_for_turn(program, tools, "ready")
    except CallsteadError as error:
        if not isinstance(error, NetworkError):
            raise
        turn = (False, str(error))
    if not turn[0]:
        waits.append(turn[1])
    # As if its turn had come: what else would be waited for.
    facts = replace(Gate(tools).facts(program, (True, ""), at_once=False), since=tools.clock.now())
    act, why = decide(facts)
    if act is Act.PUT_OFF:
        waits.append(why)
    if program.current and read_running(tools.folder.root):
        free, busy = ask(program.port, program.token, tools.settings.network.program)
        if not free:
            waits.append(f"{busy} It would be drained, and waited for.")
    return waits


def _size(count: int) -> str:
    for unit in ("B", "kB", "MB"):
        if count < 1000:
            return f"{count} {unit}"
        count = round(count / 1000)
    return f"{count} GB"
