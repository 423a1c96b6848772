"""What the rules look at, read from the database; see `comm_server.rollout.rules.Snapshot`."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from comm_server.histogram import hour_of
from comm_server.rollout.rings import assign
from comm_server.rollout.rules import Member, Reports, Snapshot, Stand
from common.clock import ago, parse_stamp, stamp
from common.spool import Row
from common.window import Window
from common.wire.rollout import Terms, read_ring

Rows = Callable[[str, Iterable[Any]], list[Row]]

# Before the switch: whoever tells this has given its place back.
_NOT_AT_IT = frozenset({"idle", "available", "fetching", "staged"})
_COMPARED_DAYS = 7


@dataclass(frozen=True)
class Reading:
    """How to read.

    Attributes:
        now: aware.
        silent_after: seconds, see ``comm.console.silent_after``.
        missing_after: seconds, see ``comm.rollout.missing_after``.
        window: of the settings, or None.
    """

    now: datetime
    silent_after: float
    missing_after: float
    window: Window | None = None

    @cached_property
    def silent(self) -> str:
        """Who was last heard before this stamp is silent."""
        return ago(self.now, seconds=self.silent_after)

    @cached_property
    def missing(self) -> str:
        """Who was last heard before this stamp is missing."""
        return ago(self.now, seconds=self.missing_after)


def rows_of(connection: sqlite3.Connection) -> Rows:
    """Reads inside a writer's transaction, as `Store.rows` reads outside."""

    def rows(sql: str, values: Iterable[Any]) -> list[Row]:
        return [dict(row) for row in connection.execute(sql, tuple(values))]

    return rows


def snapshot(rows: Rows, rollout: Row, reading: Reading) -> Snapshot:
    """Everything that is known of the release of one row of ``rollouts``."""
    product, channel, version = rollout["product"], rollout["channel"], rollout["version"]
    rings = tuple(read_ring(text) for text in json.loads(rollout["rings"]))
    watched = rollout["watched_from"]
    clients = rows(_CLIENTS, (product, version, product, version, product, channel))
    terms = terms_of(rows, rollout)
    halted = rows("SELECT reason FROM halts WHERE product = ? AND version = ?", (product, version))
    notice = rows(
        "SELECT sentence FROM notices WHERE product = ? AND channel = ? AND version = ? LIMIT 1",
        (product, channel, version),
    )
    places = assign(rings, [(c["client"], c["ring"]) for c in clients])
    mirrored_for = {
        row["platform"]
        for row in rows(
            "SELECT platform FROM mirrored WHERE product = ? AND channel = ? AND version = ?",
            (product, channel, version),
        )
    }
    members = tuple(
        _member(row, places[row["client"]], version, watched, reading)
        for row in clients
        if row["platform"] in mirrored_for
    )
    return Snapshot(
        now=reading.now,
        version=version,
        rings=rings,
        open=rollout["ring"],
        open_at=_moment(rollout["ring_at"]),
        approved=rollout["approved"],
        forced=rollout["forced"],
        paced=len(terms.rings) or (len(rings) if terms.quiet else 0),
        held=rollout["held_by"] or "",
        held_until=_moment(rollout["held_until"]),
        halted=(notice[0]["sentence"] if notice else halted[0]["reason"] if halted else ""),
        by_vendor=bool(notice),
        mirrored=bool(mirrored_for),
        members=members,
        failures=_failures(rows, product, version, watched),
        reports=_reports(rows, rollout, members, reading),
        windows_closed=_closed(rows, [ring.name for ring in rings], reading),
    )


def terms_of(rows: Rows, release: Row) -> Terms:
    """What stood in the signed pointer that brought it.

    Args:
        rows: reads the database.
        release: has ``product``, ``channel`` and ``version``.
    """
    found = rows(
        "SELECT facts FROM terms WHERE product = ? AND channel = ? AND version = ?",
        (release["product"], release["channel"], release["version"]),
    )
    if not found:
        return Terms()
    said = json.loads(found[0]["facts"])
    return Terms(**said | {"rings": tuple(said.get("rings", ()))})


def vendor_lets_return(rows: Rows, product: str, version: str) -> bool:
    """Whether clients may return from a version: the vendor's word against it, or its terms."""
    about = (product, version)
    if rows("SELECT 1 FROM notices WHERE product = ? AND version = ? LIMIT 1", about):
        return True
    said = rows("SELECT facts FROM terms WHERE product = ? AND version = ?", about)
    return any(json.loads(row["facts"]).get("may_return") for row in said)


_CLIENTS = """
    SELECT c.client, c.name, p.product, c.last_seen, c.joined_at, c.vitals, p.platform, p.release,
        r.ring, t.at AS turn_at, t.settled_at, last.outcome, last.reason, last.at AS outcome_at
    FROM client_programs p JOIN clients c USING (client)
    LEFT JOIN client_rings r USING (client)
    LEFT JOIN rollout_turns t ON t.client = c.client AND t.product = ? AND t.version = ?
    LEFT JOIN receipts last ON last.rowid = (SELECT rowid FROM receipts x
        WHERE x.product = ? AND x.version = ? AND x.client = c.client
        AND x.outcome <> 'refused' ORDER BY x.at DESC, x.rowid DESC LIMIT 1)
    WHERE p.product = ? AND p.channel = ? AND c.revoked_at IS NULL ORDER BY c.name
"""
_OUTCOMES = {
    "committed": Stand.INSTALLED,
    "rolled_back": Stand.FAILED,
    "failed": Stand.FAILED,
    "returned": Stand.RETURNED,
}


def _member(row: Row, ring: int, version: str, watched: str, reading: Reading) -> Member:
    heard = row["last_seen"] or row["joined_at"]
    silent = heard < reading.silent
    stand, since = Stand.SILENT if silent else Stand.BEFORE, None
    if row["turn_at"] and row["settled_at"] is None and _at_it(row, heard):
        lost = max(heard, row["turn_at"]) < reading.missing
        if not lost or row["turn_at"] >= watched:
            stand, since = (Stand.MISSING if lost else Stand.GOING), row["turn_at"]
    elif row["outcome"]:
        stand, since = _OUTCOMES[row["outcome"]], row["outcome_at"]
    elif row["release"] == version:  # it came with it
        stand, since = Stand.INSTALLED, row["joined_at"]
    return Member(row["client"], row["name"], ring, stand, _moment(since), row["reason"] or "")


def _at_it(row: Row, heard: str) -> bool:
    """Whether an admitted client may still be in the switch, by the state it told since."""
    if heard <= row["turn_at"]:
        return True
    try:
        told = json.loads(row["vitals"] or "{}")
        programs = told.get("programs")
        state = next((p.get("state") for p in programs if p.get("product") == row["product"]), None)
    except (ValueError, AttributeError, TypeError, KeyError):
        return True  # whatever it told, it is no reason to let more of them switch
    return state not in _NOT_AT_IT


def _failures(rows: Rows, product: str, version: str, watched: str) -> tuple[tuple[str, str], ...]:
    found = rows(
        "SELECT c.name, r.reason, min(r.at) AS first FROM receipts r JOIN clients c USING (client) "
        "WHERE r.product = ? AND r.version = ? AND r.outcome IN ('rolled_back', 'failed') "
        "AND r.at >= ? GROUP BY r.client ORDER BY first, c.name",
        (product, version, watched),
    )
    return tuple((row["name"], row["reason"]) for row in found)


def _reports(rows: Rows, rollout: Row, members: tuple[Member, ...], reading: Reading) -> Reports:
    product, version = rollout["product"], rollout["version"]
    if not _ran_before(rows, rollout):
        return Reports()
    watched, names = rollout["watched_from"], (f"{product}@{version}", version)
    new = rows(
        "SELECT p.title FROM problems p LEFT JOIN resolutions r ON r.problem = p.id "
        "WHERE p.program = ? AND p.level IN ('error', 'fatal') AND ("
        "(p.since_release IN (?, ?) AND p.first_seen >= ?) "
        "OR (r.came_back_in IN (?, ?) AND r.came_back_at >= ?)) ORDER BY p.id LIMIT 100",
        (product, *names, watched, *names, watched),
    )
    # Errors are counted by the hour: after a person forgave, the hour at hand does not count.
    forgiven = watched > rollout["began_at"]
    counted = rows(
        "SELECT coalesce(sum(count), 0) AS n FROM release_hours WHERE program = ? "
        "AND release IN (?, ?) AND (hour > ? OR (hour = ? AND NOT ?))",
        (product, *names, hour_of(watched), hour_of(watched), forgiven),
    )[0]["n"]
    begun = parse_stamp(rollout["began_at"])
    since = max(
        stamp(begun - timedelta(days=_COMPARED_DAYS)),
        rows(
            "SELECT coalesce(min(c.joined_at), '') AS first FROM clients c "
            "JOIN client_programs p USING (client) WHERE p.product = ?",
            (product,),
        )[0]["first"],
    )
    before = rows(
        "SELECT coalesce(sum(count), 0) AS n FROM release_hours "
        "WHERE program = ? AND release NOT IN (?, ?) AND hour >= ? AND hour < ?",
        (product, *names, hour_of(since), stamp(begun)),
    )[0]["n"]
    from_then = parse_stamp(watched)
    ran = [
        (reading.now - max(member.since, from_then)).total_seconds() / 3600
        for member in members
        if member.stand is Stand.INSTALLED and member.since is not None
    ]
    span = (begun - parse_stamp(since)).total_seconds() / 3600 if members else 0.0
    return Reports(
        new=tuple(row["title"] for row in new),
        count=counted,
        hours=sum(max(0.0, hours) for hours in ran),
        before=before,
        hours_before=max(0.0, span) * len(members),
    )


def _ran_before(rows: Rows, rollout: Row) -> bool:
    """Whether the site knows the product by another release; else nothing about it is new."""
    about = (rollout["product"], rollout["version"])
    found = rows(
        "SELECT EXISTS (SELECT 1 FROM client_programs WHERE product = ? AND release <> ?) "
        "OR EXISTS (SELECT 1 FROM receipts WHERE product = ? AND version <> ? "
        "AND outcome = 'committed') AS yes",
        (*about, *about),
    )
    return bool(found[0]["yes"])


def windows_of(rows: Rows, rings: list[str], reading: Reading) -> dict[int, Window]:
    """The window of each ring that has one, by its place: its own, the site's, the settings'."""
    given = {
        row["ring"]: Window(row["cron"], row["minutes"], row["zone"])
        for row in rows("SELECT ring, cron, minutes, zone FROM rollout_windows", ())
    }
    found = {
        place: given.get(ring) or given.get("") or reading.window
        for place, ring in enumerate(rings)
    }
    return {place: window for place, window in found.items() if window and window.cron}


def _closed(rows: Rows, rings: list[str], reading: Reading) -> dict[int, datetime | None]:
    return {
        place: window.opens(reading.now)
        for place, window in windows_of(rows, rings, reading).items()
        if not window.is_open(reading.now)
    }


def _moment(text: str | None) -> datetime | None:
    return parse_stamp(text) if text else None
