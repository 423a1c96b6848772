"""What went home, readable: the very frame that was signed and sealed, kept beside it.

The site cannot open what it sealed to the vendor, and reports are let go once they arrived; the
customer whose data it is reads it here, before it leaves and afterwards.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime

from comm_server.settings import ConsoleSettings
from common.clock import ago
from common.spool import Store
from common.wire.bundle import Bundle, unpack


def keep(connection: sqlite3.Connection, sequence: int, frame: bytes, now: str) -> None:
    """Keep a bundle's frame; inside the transaction that freezes its mail."""
    connection.execute(
        "INSERT INTO sent_content (sequence, frame, size, kept_at) VALUES (?, ?, ?, ?)",
        (sequence, frame, len(frame), now),
    )


def read(store: Store, sequence: int) -> Bundle | None:
    """What bundle ``sequence`` holds, or None when it is no longer kept."""
    frame = store.value("SELECT frame FROM sent_content WHERE sequence = ?", (sequence,))
    return None if frame is None else unpack(frame)


def kept(store: Store, sequence: int) -> bool:
    """Whether it can be read."""
    return bool(
        store.value("SELECT EXISTS (SELECT 1 FROM sent_content WHERE sequence = ?)", (sequence,))
    )


def prune(connection: sqlite3.Connection, settings: ConsoleSettings, now: datetime) -> int:
    """Let go of what is too old or too much, the oldest first; answers how many."""
    before = ago(now, days=settings.keep_sent_days)
    held = connection.execute("SELECT coalesce(sum(size), 0) FROM sent_content").fetchone()[0]
    gone = []
    for row in connection.execute(
        "SELECT c.sequence, c.size, c.kept_at FROM sent_content c LEFT JOIN bundles b "
        "ON b.sequence = c.sequence WHERE b.state IS NULL OR b.state = 'delivered' "
        "ORDER BY c.sequence"
    ):
        if row["kept_at"] >= before and held <= settings.keep_sent_bytes:
            break
        held -= row["size"]
        gone.append((row["sequence"],))
    connection.executemany("DELETE FROM sent_content WHERE sequence = ?", gone)
    return len(gone)
