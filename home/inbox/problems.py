"""Problems across all sites: the list with its filters, and one problem's numbers."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from common.clock import Clock, stamp
from common.spool import Row, Store
from home.inbox import summaries

_SELECT = """
    SELECT p.*, s.count, s.sites, s.first_seen, s.last_seen, s.open, s.releases, s.machines,
           s.since_release, s.status, s.state, s.resolved_in, s.came_back_in, s.decided_by,
           s.decided_at, s.assigned_to
    FROM summaries s JOIN problems p ON p.id = s.problem
"""
_ORDERS = {
    "waiting": "s.open DESC, s.last_seen DESC, s.problem",
    "latest": "s.last_seen DESC, s.problem",
    "newest": "s.first_seen DESC, s.problem",
    "busiest": "s.count DESC, s.problem",
}
_STATUSES = {
    "open": "s.open",
    "seen": "NOT s.open AND s.state NOT IN ('resolved', 'ignored')",
    **{
        word: f"s.status = '{word}'"
        for word in ("resolved", "ignored", "new", "regression", "known")
    },
}
SORTS = tuple(_ORDERS)
STATUSES = tuple(_STATUSES)
PER_PAGE = 50
_GRAVEST = ("regression", "new", "known")


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means all.

    Attributes:
        search: words, each of which stands in title, type, place, program, fingerprint, what its
            reports said, a release, a site or a machine.
        program: exactly this program.
        site: seen at this site (its id).
        status: ``open`` (needs a person), ``seen``, ``resolved``, ``ignored``, or ``new``,
            ``regression``, ``known``.
        release: seen in exactly this release.
        sort: one of `SORTS`; empty: what waits for a person first.
    """

    search: str = ""
    program: str = ""
    site: str = ""
    status: str = ""
    release: str = ""
    sort: str = ""


def list_problems(
    store: Store, by: Filter = Filter(), most: int = 500, offset: int = 0
) -> list[Row]:
    """Problems, those that need a person first, then by their last occurrence.

    Each has the columns of ``problems`` and ``count, sites (names), first_seen, last_seen, open,
    releases, since_release, machines, status``; of the vendor's work ``state`` ('', ignored,
    resolved or back), ``resolved_in, decided_by, decided_at, assigned_to``, and ``came_back_in``
    (releases, or empty). A problem that was merged into another one is part of that.
    """
    where, values = _where(by)
    order = _ORDERS.get(by.sort, _ORDERS["waiting"])
    rows = store.rows(
        f"{_SELECT} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?", [*values, most, offset]
    )
    return [_plain(row) for row in rows]


def how_many(store: Store, by: Filter = Filter()) -> int:
    """How many problems the filter leaves."""
    where, values = _where(by)
    return int(
        store.value(f"SELECT COUNT(*) FROM summaries s WHERE {where}", values)  # noqa: S608 - ours
    )


def problem(store: Store, number: int) -> Row | None:
    """One problem as in the list; a merged one's number answers the problem it is part of.

    It has further ``sightings``, its numbers at each site, and ``members``, every fingerprint that
    counts as this problem, its own first.
    """
    head = store.value("SELECT COALESCE(merged_into, id) FROM problems WHERE id = ?", [number])
    row = store.row(f"{_SELECT} WHERE p.id = ?", [head])
    if row is None:
        return None
    members = store.rows(
        "SELECT id, program, fingerprint, grouper, title, place, arrived_at FROM problems"
        " WHERE id = ? OR merged_into = ? ORDER BY id != ?, id",
        [head, head, head],
    )
    sightings = store.rows(
        "SELECT s.*, sites.name AS site_name FROM sightings s JOIN sites ON sites.id = s.site"
        " WHERE s.problem IN (SELECT id FROM problems WHERE id = ? OR merged_into = ?)"
        " ORDER BY count DESC, site_name",
        [head, head],
    )
    for sighting in sightings:
        sighting["releases"] = json.loads(sighting["releases"])
        sighting["machines"] = json.loads(sighting["machines"])
    return {**_plain(row), "sightings": _by_site(sightings), "members": members}


def by_fingerprint(store: Store, fingerprint: str, program: str = "") -> list[int]:
    """Numbers of the problems that a fingerprint counts as."""
    rows = store.rows(
        "SELECT DISTINCT COALESCE(merged_into, id) AS head FROM problems"
        " WHERE fingerprint = ? AND (? = '' OR program = ?) ORDER BY 1 LIMIT 20",
        [fingerprint, program, program],
    )
    return [row["head"] for row in rows]


def programs(store: Store) -> list[str]:
    """Every program that has problems."""
    return [
        row["program"] for row in store.rows("SELECT DISTINCT program FROM problems ORDER BY 1")
    ]


def mark_seen(store: Store, number: int, who: str, clock: Clock) -> bool:
    """A person has looked at it; False when there is no such problem."""

    def work(connection: sqlite3.Connection) -> bool:
        changed = connection.execute(
            "UPDATE problems SET seen_at = ?, seen_by = ? WHERE id = ?",
            [stamp(clock.now()), who, number],
        )
        summaries.refresh(connection, [number])
        return changed.rowcount == 1

    return store.write(work)


def members_of(store: Store, numbers: Iterable[int]) -> dict[int, int]:
    """Every problem that counts as one of ``numbers``, with which: ``{member: head}``."""
    heads = list(numbers)
    if not heads:
        return {}
    places = ", ".join("?" * len(heads))
    rows = store.rows(
        f"SELECT id, COALESCE(merged_into, id) AS head FROM problems"  # noqa: S608 - places alone
        f" WHERE id IN ({places}) OR merged_into IN ({places})",
        heads * 2,
    )
    return {row["id"]: row["head"] for row in rows}


def _where(by: Filter) -> tuple[str, list[str]]:
    where, values = ["1"], []
    for word in by.search.split():
        where.append("s.words LIKE ? ESCAPE '\\'")
        values.append(f"%{_escape(word)}%")
    if by.program:
        where.append("s.program = ?")
        values.append(by.program)
    if by.site:
        where.append(
            "s.problem IN (SELECT COALESCE(m.merged_into, m.id) FROM sightings g"
            " JOIN problems m ON m.id = g.problem WHERE g.site = ?)"
        )
        values.append(by.site)
    if by.release:
        where.append("EXISTS (SELECT 1 FROM json_each(s.releases) WHERE value = ?)")
        values.append(by.release)
    if by.status:
        where.append(_STATUSES.get(by.status, "0"))
    return " AND ".join(where), values


def _by_site(sightings: list[Row]) -> list[Row]:
    """One row for each site, whichever of a merged problem's fingerprints it saw."""
    found: dict[str, Row] = {}
    for one in sorted(sightings, key=lambda row: row["first_seen"]):  # the first names the release
        whole = found.setdefault(one["site"], one)
        if whole is one:
            continue
        whole["count"] += one["count"]
        whole["last_seen"] = max(whole["last_seen"], one["last_seen"])
        for name in ("releases", "machines"):
            whole[name] = sorted({*whole[name], *one[name]})
        whole["status"] = min(whole["status"], one["status"], key=_GRAVEST.index)
        if (one["regressed_at"] or "") > (whole["regressed_at"] or ""):
            whole["regressed_at"], whole["came_back_in"] = one["regressed_at"], one["came_back_in"]
    return sorted(found.values(), key=lambda row: (-row["count"], row["site_name"]))


def _plain(row: Row) -> Row:
    for name in ("sites", "releases", "machines"):
        row[name] = json.loads(row[name])
    row["open"] = bool(row["open"])
    row.pop("messages")
    return row


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
