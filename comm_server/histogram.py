"""How often each problem occurred in each hour: what a storm costs instead of disk."""

from __future__ import annotations

import sqlite3

from common.spool import Store

# The last two days on which it occurred; older hours went home with earlier bundles.
_HOURS_TOLD = 48


def count(connection: sqlite3.Connection, problem: int, seen_at: str) -> None:
    """Count one report in its hour. Runs inside the digest's transaction."""
    connection.execute(
        "INSERT INTO problem_hours (problem, hour, count) VALUES (?, ?, 1) "
        "ON CONFLICT (problem, hour) DO UPDATE SET count = count + 1",
        (problem, hour_of(seen_at)),
    )


def hour_of(moment: str) -> str:
    """The hour of a stamp, as the stamp of its beginning."""
    return f"{moment[:13]}:00:00.000Z"


def hours(store: Store, problem: int) -> list[tuple[str, int]]:
    """``(hour, count)`` of every hour that is kept and in which it occurred, oldest first."""
    rows = store.rows(
        "SELECT hour, count FROM problem_hours WHERE problem = ? ORDER BY hour", (problem,)
    )
    return [(row["hour"], row["count"]) for row in rows]


def told(store: Store, problem: int) -> list[list[str | int]]:
    """As a bundle's manifest says it: absolute counts, so that each bundle stands for itself."""
    rows = store.rows(
        "SELECT h.hour, h.count FROM problem_hours h JOIN problems p ON p.id = h.problem "
        "WHERE h.problem = ? AND julianday(h.hour) > julianday(p.last_seen) - ? "
        "ORDER BY h.hour DESC LIMIT ?",
        (problem, _HOURS_TOLD / 24, _HOURS_TOLD),
    )
    return [[row["hour"], row["count"]] for row in reversed(rows)]


def prune(connection: sqlite3.Connection, before: str) -> None:
    """Forget the hours before a stamp; the problems keep their counts."""
    connection.execute("DELETE FROM problem_hours WHERE hour < ?", (before,))
