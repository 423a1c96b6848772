"""Counters that the next bundle tells: what was dropped, ignored, scrubbed, and why."""

from __future__ import annotations

import sqlite3
from collections import Counter


def tally(connection: sqlite3.Connection, kind: str, counts: Counter[str]) -> None:
    """Add to the counters that the next bundle tells."""
    for reason, number in counts.items():
        connection.execute(
            "INSERT INTO tallies (kind, reason, count) VALUES (?, ?, ?) "
            "ON CONFLICT (kind, reason) DO UPDATE SET count = count + excluded.count",
            (kind, reason, number),
        )
