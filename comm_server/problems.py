"""Problems: reports with one fingerprint, counted."""

from __future__ import annotations

import json
import sqlite3
from typing import Any

from comm_server import release_hours, resolutions
from comm_server.grouping import Grouping
from comm_server.plain import one_line
from common.spool import Row, Store

# A program that invents a release for each report must not make an endless list of us.
_MOST_SEEN = 200
# It came back, and no bundle has told that.
_BACK = "(r.came_back_at IS NOT NULL AND r.bundle IS NULL)"
_SELECT = (
    "SELECT p.*, coalesce(r.release, '') AS resolved_in, "  # noqa: S608 - our own words
    f"coalesce(r.came_back_in, '') AS came_back_in, {_BACK} AS regression "
    "FROM problems p LEFT JOIN resolutions r ON r.problem = p.id "
)


def count(
    connection: sqlite3.Connection,
    grouping: Grouping,
    *,
    program: str,
    machine: str,
    release: str,
    level: str,
    seen_at: str,
) -> int:
    """Count one report; answers the problem's id. Runs inside the digest's transaction."""
    connection.execute(
        """INSERT INTO problems (fingerprint, grouper, program, type, title, place, level, count,
               first_seen, last_seen, since_release, parts)
           VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?, ?)
           ON CONFLICT (program, fingerprint) DO UPDATE SET
               count = count + 1, last_seen = excluded.last_seen,
               level = CASE WHEN excluded.level = 'fatal' THEN 'fatal' ELSE level END""",
        (
            grouping.fingerprint,
            grouping.grouper,
            program,
            one_line(grouping.type),
            one_line(grouping.title),
            one_line(grouping.place),
            level,
            seen_at,
            seen_at,
            release,
            json.dumps([part[:500] for part in grouping.parts], ensure_ascii=False),
        ),
    )
    problem = int(
        connection.execute(
            "SELECT id FROM problems WHERE program = ? AND fingerprint = ?",
            (program, grouping.fingerprint),
        ).fetchone()[0]
    )
    connection.execute(
        """INSERT INTO problem_seen (problem, release, machine, count, first_seen, last_seen)
           VALUES (?, ?, ?, 1, ?, ?)
           ON CONFLICT (problem, release, machine) DO UPDATE SET
               count = count + 1, last_seen = excluded.last_seen""",
        (problem, release, machine, seen_at, seen_at),
    )
    resolutions.seen(connection, problem, release, seen_at)
    release_hours.count(connection, program, release, level, seen_at)
    return problem


def unmailed(store: Store, limit: int) -> list[Row]:
    """What no bundle has told yet of problems: new ones, then those that came back, the busiest."""
    return store.rows(
        f"{_SELECT} WHERE count > mailed_count OR {_BACK} "
        "ORDER BY mailed_count > 0, regression DESC, count - mailed_count DESC, p.id LIMIT ?",
        (limit,),
    )


def listing(store: Store, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Problems as `describe` tells them, and their ``id``; the latest seen first."""
    rows = store.rows(
        f"{_SELECT} ORDER BY last_seen DESC, p.id DESC LIMIT ? OFFSET ?", (limit, offset)
    )
    return [{"id": row["id"], **describe(store, row)} for row in rows]


def by_id(store: Store, problem: int) -> dict[str, Any] | None:
    """One problem, or None."""
    row = row_of(store, problem)
    return None if row is None else {"id": row["id"], **describe(store, row)}


def row_of(store: Store, problem: int) -> Row | None:
    """One problem as `unmailed` answers it and `describe` takes it, or None."""
    return store.row(f"{_SELECT} WHERE p.id = ?", (problem,))


def sightings(store: Store, problem: int) -> list[Row]:
    """Where it was seen: ``{release, machine, count, first_seen, last_seen}``, latest first."""
    return store.rows(
        "SELECT release, machine, count, first_seen, last_seen FROM problem_seen "
        "WHERE problem = ? ORDER BY last_seen DESC LIMIT ?",
        (problem, _MOST_SEEN),
    )


def describe(store: Store, problem: Row) -> dict[str, Any]:
    """A problem as a bundle's manifest and the console show it."""
    seen = store.rows(
        "SELECT release, machine FROM problem_seen WHERE problem = ? "
        "ORDER BY last_seen DESC LIMIT ?",
        (problem["id"], _MOST_SEEN),
    )
    return {
        "fingerprint": problem["fingerprint"],
        "grouper": problem["grouper"],
        "title": problem["title"],
        "type": problem["type"],
        "place": problem["place"],
        "line": _line(json.loads(problem["parts"])),
        "program": problem["program"],
        "level": problem["level"],
        "count": problem["count"],
        "first_seen": problem["first_seen"],
        "last_seen": problem["last_seen"],
        "since_release": problem["since_release"],
        "releases": sorted({row["release"] for row in seen if row["release"]}),
        "machines": sorted({row["machine"] for row in seen}),
        "status": _status(problem),
        "resolved_in": problem["resolved_in"],
        "came_back_in": problem["came_back_in"],
    }


def _status(problem: Row) -> str:
    if problem["regression"]:
        return "regression"
    return "known" if problem["mailed_count"] else "new"


def _line(parts: list[str]) -> str:
    """The source line at fault, when the problem was grouped by one."""
    return parts[3] if len(parts) == 4 and parts[0] == "exception" else ""
