"""Append, read and remove events: the feed on SQLite."""

from __future__ import annotations

import functools
import json
import sqlite3
from datetime import UTC, datetime

from common.clock import stamp
from common.feed.storage import CursorGoneError, Event
from common.spool import Store

__all__ = ["CursorGoneError", "Event", "FeedReader", "append", "prune"]

# An event is a hint that many readers fetch at once. What is longer belongs in a table.
MOST_DATA_BYTES = 16 * 1024
_PRUNE_BATCH = 1000  # rows removed in one transaction, so that other writers do not wait


def append(
    connection: sqlite3.Connection,
    topic: str,
    kind: str,
    data: dict[str, object],
    *,
    at: datetime | None = None,
) -> int:
    """Write one event, in the transaction of the change it tells of.

    Args:
        connection: the writer's, inside a `Store.write` job.
        topic: who wants to know, ``updates`` or ``conversation/17``.
        kind: what happened, one word.
        data: JSON object of at most 16 KiB.
        at: when; now, if not given.

    Returns:
        The event's seq.

    Raises:
        ValueError: ``data`` is too large.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MOST_DATA_BYTES:
        raise ValueError(f"an event of {len(text)} characters; at most {MOST_DATA_BYTES} bytes")
    seq: int = connection.execute(
        "INSERT INTO feed_topics (topic, head, floor) VALUES (?, 1, 0) "
        "ON CONFLICT (topic) DO UPDATE SET head = head + 1 RETURNING head",
        (topic,),
    ).fetchone()[0]
    connection.execute(
        "INSERT INTO feed_events (topic, seq, at, kind, data) VALUES (?, ?, ?, ?, ?)",
        (topic, seq, stamp(at or datetime.now(UTC)), kind, text),
    )
    return seq


class FeedReader:
    """Reads the feed of a `Store`; a `common.feed.storage.FeedStorage`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def read(self, topic: str, after: int, limit: int = 500) -> list[Event]:
        """At most ``limit`` events that follow ``after``, in order.

        Raises:
            CursorGoneError: events after ``after`` were removed, or ``after`` is yet to come.
        """
        rows = self._store.rows(
            "SELECT seq, at, kind, data FROM feed_events "
            "WHERE topic = ? AND seq > ? ORDER BY seq LIMIT ?",
            (topic, after, limit),
        )
        # Looked at after the events: what a prune took in between shows as a gap here.
        if rows and rows[0]["seq"] != after + 1:
            raise CursorGoneError(topic, self.head(topic))
        if not rows and not self.floor(topic) <= after <= self.head(topic):
            raise CursorGoneError(topic, self.head(topic))
        return [Event(r["seq"], r["at"], r["kind"], json.loads(r["data"])) for r in rows]

    def head(self, topic: str) -> int:
        """The newest seq; 0 for a topic without events."""
        return self._store.value("SELECT head FROM feed_topics WHERE topic = ?", (topic,)) or 0

    def floor(self, topic: str) -> int:
        """The newest seq that was removed: the oldest cursor that can be continued."""
        return self._store.value("SELECT floor FROM feed_topics WHERE topic = ?", (topic,)) or 0

    def version(self) -> int:
        """SQLite's counter of commits by other connections; the writer's is always another."""
        return int(self._store.value("PRAGMA data_version"))

    def changed(self, mark: int) -> tuple[int, dict[str, int]]:
        """The next mark, and the topics with events since ``mark``; see `FeedStorage.changed`."""
        if mark < 0:
            newest = self._store.value("SELECT seq FROM sqlite_sequence WHERE name = 'feed_events'")
            return newest or 0, {}
        rows = self._store.rows(  # by the topic alone SQLite would go through all that is kept
            "SELECT topic, max(id) AS newest, max(seq) AS head FROM feed_events WHERE id > ? "
            "GROUP BY topic || ''",
            (mark,),
        )
        found = {row["topic"]: row["head"] for row in rows}
        return max((row["newest"] for row in rows), default=mark), found


def prune(store: Store, *, before: datetime, most: int = 100_000) -> int:
    """Remove what no reader needs any more; answers how many events went.

    Args:
        store: the room's database.
        before: events older than this go. Readers away for longer reload.
        most: a topic keeps at most so many, however young, so that one that
            floods cannot fill the disk.
    """
    removed = 0
    limits = store.rows(
        "SELECT t.topic, t.floor, max(t.head - ?, t.floor, "
        "  coalesce((SELECT max(seq) FROM feed_events WHERE topic = t.topic AND at < ?), 0)) "
        "  AS upto FROM feed_topics t",
        (most, stamp(before)),
    )
    for row in limits:
        if row["upto"] <= row["floor"]:
            continue
        job = functools.partial(_remove, topic=row["topic"], upto=row["upto"])
        while went := store.write(job):
            removed += went
    return removed


def _remove(connection: sqlite3.Connection, topic: str, upto: int) -> int:
    """Remove one batch, oldest first, and raise the floor with it."""
    went = connection.execute(
        "DELETE FROM feed_events WHERE topic = ? AND seq <= min(?, "
        "  (SELECT floor FROM feed_topics WHERE topic = ?) + ?)",
        (topic, upto, topic, _PRUNE_BATCH),
    ).rowcount
    if went:
        connection.execute(
            "UPDATE feed_topics SET floor = min(?, floor + ?) WHERE topic = ?",
            (upto, _PRUNE_BATCH, topic),
        )
    return went
