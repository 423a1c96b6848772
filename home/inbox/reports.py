"""One report with what surrounds it: its event, its machine's log neighbours, its environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.clock import parse_stamp, stamp
from common.lenient import text, time_of
from common.spool import Row, Store
from common.web.event import EventView, view
from common.wire import envelope
from home.inbox.pack import unpacked

_MOST_LINES = 500
_MOST_RAW = 20_000
_MOST_ATTACHMENTS = 50
_OF = "IN (SELECT id FROM problems WHERE id = ? OR merged_into = ?)"


@dataclass(frozen=True)
class LogLine:
    """A line of any machine of the site."""

    at: str
    machine: str
    program: str
    line: str
    level: str = ""


@dataclass(frozen=True)
class Attachment:
    """A file that came with a report.

    Attributes:
        report, place: where its bytes are: the report's id and the item's number in it.
        withheld: its bytes stayed at the site, which tells their ``size`` and ``sha256``.
        text: its first characters, when it is text.
    """

    report: str
    place: int
    name: str
    size: int
    withheld: bool
    sha256: str
    text: str


@dataclass(frozen=True)
class Report:
    """A report as its page shows it.

    Attributes:
        row: ``site, site_name, id, machine, received_at, bundle, sequence``.
        event: None when the site could not parse it; then ``raw`` has its first characters.
        lines: log lines around it, in time order.
        moment: when it happened, in the time of the site's server, like the lines.
        environment: the state of the site's machines when the bundle was made.
        emptied: what the bundle brought beside its numbers was let go of, by age.
    """

    row: Row
    event: EventView | None
    raw: str
    lines: tuple[LogLine, ...]
    environment: dict[str, Any]
    moment: str = ""
    attachments: tuple[Attachment, ...] = ()
    emptied: bool = False


@dataclass(frozen=True)
class Sample:
    """One of a problem's kept reports, and the ones beside it in time; ``place`` counts from 1.

    ``first`` is the oldest kept one, unless this is it: log lines come with first occurrences.
    """

    row: Row
    place: int
    total: int
    newer: Row | None
    older: Row | None
    first: Row | None


def samples(store: Store, problem: int, most: int = 20) -> list[Row]:
    """A problem's latest reports, without their content."""
    return store.rows(
        "SELECT r.site, sites.name AS site_name, r.id, r.machine, r.received_at, b.sequence"  # noqa: S608
        " FROM reports r JOIN sites ON sites.id = r.site JOIN bundles b ON b.id = r.bundle"
        f" WHERE r.problem {_OF} ORDER BY r.received_at DESC, r.id DESC LIMIT ?",
        [problem, problem, most],
    )


def sample(store: Store, problem: int, site: str = "", name: str = "") -> Sample | None:
    """The named one of a problem's reports, else its newest one; None when there is none."""
    rows = store.rows(
        "SELECT site, id, received_at FROM reports"  # noqa: S608 - a constant
        f" WHERE problem {_OF} ORDER BY received_at DESC, id DESC",
        [problem, problem],
    )
    if not rows:
        return None
    place = next((i for i, row in enumerate(rows) if (row["site"], row["id"]) == (site, name)), 0)
    return Sample(
        rows[place],
        place + 1,
        len(rows),
        rows[place - 1] if place else None,
        rows[place + 1] if place + 1 < len(rows) else None,
        rows[-1] if place + 1 < len(rows) else None,
    )


def report(
    store: Store,
    site: str,
    name: str,
    window: float,
    named: Callable[[dict[str, Any]], dict[str, Any]] = lambda event: event,
) -> Report | None:
    """One report with the log lines ``window`` seconds before and after it.

    ``named`` puts an event into better words, as `home.maps.readable` does.
    """
    row = store.row(
        "SELECT r.*, sites.name AS site_name, b.sequence, b.environment, b.logs, b.emptied_at"
        " FROM reports r JOIN sites ON sites.id = r.site JOIN bundles b ON b.id = r.bundle"
        " WHERE r.site = ? AND r.id = ?",
        [site, name],
    )
    if row is None:
        return None
    event = unpacked(row.pop("event")) if row["event"] else row.pop("event")
    shown = view(named(event), row["received_at"]) if isinstance(event, dict) else None
    whole = row.pop("raw") or b""
    told = json.loads(row.pop("environment"))
    environment = told if isinstance(told, dict) else {}
    moment = row["received_at"]
    if shown:
        moment = _in_site_time(shown.at, row["machine"], environment)
    lines = _around(unpacked(row.pop("logs")), moment, window)
    return Report(
        row,
        shown,
        whole[:_MOST_RAW].decode("utf-8", "replace"),
        lines,
        environment,
        moment,
        _attachments(store, site, name, whole),
        emptied=row.pop("emptied_at") is not None,
    )


def attachment(store: Store, site: str, name: str, place: int) -> tuple[str, bytes] | None:
    """The name and the bytes of a file that came with quarantined bytes, or None."""
    raw = store.value("SELECT raw FROM reports WHERE site = ? AND id = ?", [site, name])
    items = _items(raw or b"")
    if not 0 <= place < len(items) or items[place].header.get("withheld"):
        return None
    return items[place].filename or items[place].kind, items[place].payload


def _attachments(store: Store, site: str, name: str, raw: bytes) -> tuple[Attachment, ...]:
    """Those of a report: in its own bytes, or in what the site sent beside its event."""
    found = [(name, raw)] if raw else [
        (row["id"], row["raw"] or b"")
        for row in store.rows(
            "SELECT id, raw FROM reports WHERE site = ? AND about = ? AND about <> '' LIMIT ?",
            [site, name[:32], _MOST_ATTACHMENTS],
        )
    ]  # fmt: skip
    return tuple(
        _described(where, place, item)
        for where, body in found
        for place, item in enumerate(_items(body)[:_MOST_ATTACHMENTS])
    )


def _items(raw: bytes) -> list[envelope.Item]:
    if not raw.startswith(b"{"):
        return []
    try:
        return envelope.read(raw)[1]
    except ValueError:
        return []


def _described(where: str, place: int, item: envelope.Item) -> Attachment:
    withheld = bool(item.header.get("withheld"))
    size = item.header.get("size") if withheld else len(item.payload)
    beginning = b"" if b"\0" in item.payload[:_MOST_RAW] else item.payload[:_MOST_RAW]
    try:
        shown = beginning.decode("utf-8", "replace" if len(item.payload) > _MOST_RAW else "strict")
    except UnicodeDecodeError:
        shown = ""
    return Attachment(
        report=where,
        place=place,
        name=text(item.filename or item.kind),
        size=size if isinstance(size, int) else 0,
        withheld=withheld,
        sha256=text(item.header.get("sha256")),
        text=shown,
    )


def _in_site_time(at: str, machine: str, environment: dict[str, Any]) -> str:
    """``at`` of a machine's clock, in that of the site's server; lines are in that, too."""
    clients = environment.get("clients")
    vitals = clients.get(machine) if isinstance(clients, dict) else None
    skew = vitals.get("clock_skew") if isinstance(vitals, dict) else None
    if isinstance(skew, bool) or not isinstance(skew, int | float):
        return at
    try:
        return stamp(parse_stamp(at) - timedelta(seconds=skew))
    except (ValueError, OverflowError):
        return at


def _around(logs: Any, at: str, window: float) -> tuple[LogLine, ...]:
    middle, reach = parse_stamp(at), timedelta(seconds=window)
    first, last = stamp(middle - reach), stamp(middle + reach)
    lines = (
        LogLine(
            time_of(entry.get("at"), ""),
            text(entry.get("machine")),
            text(entry.get("program")),
            text(entry.get("line")),
            text(entry.get("level")),
        )
        for entry in logs
        if isinstance(entry, dict)
    )
    near = sorted((x for x in lines if first <= x.at <= last), key=lambda line: line.at)
    if len(near) > _MOST_LINES:  # the lines next to the report say the most
        near.sort(key=lambda line: abs(parse_stamp(line.at) - middle))
        near = sorted(near[:_MOST_LINES], key=lambda line: line.at)
    return tuple(near)
