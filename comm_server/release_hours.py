"""How many errors each release reported in each hour: what a new release is compared by."""

from __future__ import annotations

import sqlite3

from comm_server.histogram import hour_of

_ERRORS = {"error", "fatal"}


def count(
    connection: sqlite3.Connection, program: str, release: str, level: str, seen_at: str
) -> None:
    """Count one report, unless it is only a warning. Runs inside the digest's transaction."""
    if level in _ERRORS:
        connection.execute(
            "INSERT INTO release_hours (program, release, hour, count) VALUES (?, ?, ?, 1) "
            "ON CONFLICT (program, release, hour) DO UPDATE SET count = count + 1",
            (program, release, hour_of(seen_at)),
        )


def prune(connection: sqlite3.Connection, before: str) -> None:
    """Forget the hours before a stamp."""
    connection.execute("DELETE FROM release_hours WHERE hour < ?", (before,))
