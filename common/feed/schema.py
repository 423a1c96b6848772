"""The feed's two tables."""

from __future__ import annotations

from typing import Any

from sqlite_utils import Migrations

_TABLES = """
CREATE TABLE feed_topics (
    topic TEXT PRIMARY KEY,
    head  INTEGER NOT NULL,  -- seq of the newest event ever given
    floor INTEGER NOT NULL   -- seq of the newest event removed; events after it are all there
) WITHOUT ROWID;
CREATE TABLE feed_events (
    id    INTEGER PRIMARY KEY AUTOINCREMENT,  -- order of commit over all topics
    topic TEXT NOT NULL,
    seq   INTEGER NOT NULL,
    at    TEXT NOT NULL,
    kind  TEXT NOT NULL,
    data  TEXT NOT NULL,
    UNIQUE (topic, seq)
);
"""


def add_to(migrations: Migrations) -> None:
    """Add the step that makes the feed's tables to a room's ``migrations``."""

    @migrations(name="feed_1")
    def feed_1(db: Any) -> None:
        # Not executescript: it would commit the migration's transaction.
        for statement in _TABLES.split(";\n"):
            if statement.strip():
                db.execute(statement)
