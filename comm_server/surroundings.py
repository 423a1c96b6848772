"""The log lines of all machines around the first occurrence of new problems, for a bundle.

An urgent bundle does not wait for the lines that are still to come: the vendor hears sooner, and
sees what there is. Whoever wants the time after the error whole sets `comm.bundle.urgent_after`
to at least `comm.logs.after`.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from comm_server.scrub import DEFAULT_PHONES, MASK, Phones, scrub_line
from comm_server.settings import LogSettings
from common.clock import parse_stamp, stamp
from common.spool import Row, Store

# Longer ago than this it was not this site's clock that the report tells.
_BELIEVED = timedelta(days=7)
_OVERHEAD = 100  # bytes of a line's JSON beside its texts
_KEY_BEGINS, _KEY_ENDS = "PRIVATE KEY-----", "-----END "


def occurred(report: Row | None, first_seen: str, skews: dict[str, float]) -> datetime:
    """When a problem first happened, by this server's clock.

    Args:
        report: its first one (``event``, ``machine``); None when it is no longer here.
        first_seen: when that arrived here.
        skews: seconds by which each machine's clock is ahead.
    """
    arrived = parse_stamp(first_seen)
    try:
        told = json.loads(report["event"])["timestamp"] if report else None
        at = datetime.fromtimestamp(told, arrived.tzinfo) if isinstance(told, int | float) else (
            parse_stamp(str(told))
        )  # fmt: skip
    except (ValueError, TypeError, KeyError, OverflowError, OSError):
        return arrived
    assert report is not None  # noqa: S101 - without one there was no time stamp
    at -= timedelta(seconds=skews.get(report["machine"], 0.0))
    return at if arrived - _BELIEVED < at <= arrived else arrived


def lines_around(
    store: Store,
    moments: list[datetime],
    settings: LogSettings,
    most_bytes: int,
    phones: Phones = DEFAULT_PHONES,
) -> tuple[list[dict[str, Any]], Counter[str]]:
    """Scrubbed lines ``{at, machine, program, level, line}`` in time order, and what was masked.

    When there are more than the limits allow, those next to a moment stay.
    """
    found: dict[int, tuple[float, Row]] = {}
    for moment in moments:
        for row in store.rows(
            "SELECT id, at, machine, program, level, line FROM log_lines "
            "WHERE at BETWEEN ? AND ? ORDER BY abs(julianday(at) - julianday(?)) LIMIT ?",
            (
                stamp(moment - timedelta(seconds=settings.before)),
                stamp(moment + timedelta(seconds=settings.after)),
                stamp(moment),
                settings.most_lines,
            ),
        ):
            away = abs((parse_stamp(row["at"]) - moment).total_seconds())
            if row["id"] not in found or away < found[row["id"]][0]:
                found[row["id"]] = (away, row)
    chosen, room = [], min(settings.most_bytes, most_bytes)
    for _away, row in sorted(found.values(), key=lambda entry: entry[0])[: settings.most_lines]:
        room -= len(row["line"].encode()) + _OVERHEAD
        if room < 0:
            break
        chosen.append(row)
    chosen.sort(key=lambda row: (row["at"], row["id"]))
    return _scrubbed(chosen, phones)


def _scrubbed(rows: list[Row], phones: Phones) -> tuple[list[dict[str, Any]], Counter[str]]:
    counts: Counter[str] = Counter()
    in_key: set[tuple[str, str]] = set()  # a key's lines may come one by one
    lines = []
    for row in rows:
        source, text = (row["machine"], row["program"]), row["line"]
        ends = _KEY_ENDS in text
        if source in in_key:
            counts["private key"] += 1
            clean = MASK
            if ends:
                in_key.discard(source)
        else:
            clean, more = scrub_line(text, phones)
            counts.update(more)
            if _KEY_BEGINS in text and not ends:
                in_key.add(source)
        lines.append({k: row[k] for k in ("at", "machine", "program", "level")} | {"line": clean})
    return lines, counts
