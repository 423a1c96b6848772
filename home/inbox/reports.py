"""One report with what surrounds it: its event, its machine's log neighbours, its environment."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from common.clock import parse_stamp, stamp
from common.spool import Row, Store
from home.inbox.event import EventView, view
from home.inbox.manifest import text, time_of
from home.inbox.pack import unpacked

_MOST_LINES = 500
_MOST_RAW = 20_000


@dataclass(frozen=True)
class LogLine:
    """A line of any machine of the site."""

    at: str
    machine: str
    program: str
    line: str
    level: str = ""


@dataclass(frozen=True)
class Report:
    """A report as its page shows it.

    Attributes:
        row: ``site, site_name, id, machine, received_at, bundle, sequence``.
        event: None when the site could not parse it; then ``raw`` has its first characters.
        lines: log lines around it, in time order.
        moment: when it happened, in the time of the site's server, like the lines.
        environment: the state of the site's machines when the bundle was made.
    """

    row: Row
    event: EventView | None
    raw: str
    lines: tuple[LogLine, ...]
    environment: dict[str, Any]
    moment: str = ""


def newest(store: Store, problem: int, most: int = 20) -> list[Row]:
    """A problem's latest reports, without their content."""
    return store.rows(
        "SELECT r.site, sites.name AS site_name, r.id, r.machine, r.received_at, b.sequence"
        " FROM reports r JOIN sites ON sites.id = r.site JOIN bundles b ON b.id = r.bundle"
        " WHERE r.problem = ? ORDER BY r.received_at DESC, r.id LIMIT ?",
        [problem, most],
    )


def report(store: Store, site: str, name: str, window: float) -> Report | None:
    """One report with the log lines ``window`` seconds before and after it."""
    row = store.row(
        "SELECT r.*, sites.name AS site_name, b.sequence, b.environment, b.logs FROM reports r"
        " JOIN sites ON sites.id = r.site JOIN bundles b ON b.id = r.bundle"
        " WHERE r.site = ? AND r.id = ?",
        [site, name],
    )
    if row is None:
        return None
    event = unpacked(row.pop("event")) if row["event"] else row.pop("event")
    shown = view(event, row["received_at"]) if isinstance(event, dict) else None
    raw = (row.pop("raw") or b"")[:_MOST_RAW].decode("utf-8", "replace")
    told = json.loads(row.pop("environment"))
    environment = told if isinstance(told, dict) else {}
    moment = row["received_at"]
    if shown:
        moment = _in_site_time(shown.at, row["machine"], environment)
    lines = _around(unpacked(row.pop("logs")), moment, window)
    return Report(row, shown, raw, lines, environment, moment)


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
