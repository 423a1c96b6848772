"""The call list of this seat, in SQLite."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from companion.phone import PhoneNumber

_SCHEMA = """
CREATE TABLE IF NOT EXISTS calls (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    text TEXT NOT NULL,
    number TEXT NOT NULL DEFAULT '',
    extension TEXT NOT NULL DEFAULT '',
    state TEXT NOT NULL CHECK (state IN ('dialling', 'dialled', 'failed')),
    reason TEXT NOT NULL DEFAULT ''
)
"""


class CallList:
    """Durable: what `add` returned is there after a crash."""

    def __init__(self, path: Path) -> None:
        self._path = path
        path.parent.mkdir(parents=True, exist_ok=True)
        with closing(self._connect()) as db, db:
            db.execute("PRAGMA journal_mode = WAL")
            db.execute(_SCHEMA)

    def add(self, text: str) -> int:
        """A new call in state ``dialling``; answers its id."""
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        with closing(self._connect()) as db, db:
            sql = "INSERT INTO calls (at, text, state) VALUES (?, ?, 'dialling')"
            return int(db.execute(sql, (now, text)).lastrowid or 0)

    def dialled(self, call: int, phone: PhoneNumber) -> None:
        """The number was found and dialled."""
        sql = "UPDATE calls SET state = 'dialled', number = ?, extension = ? WHERE id = ?"
        with closing(self._connect()) as db, db:
            db.execute(sql, (phone.number, phone.extension, call))

    def failed(self, call: int, reason: str) -> None:
        """It cannot be dialled."""
        with closing(self._connect()) as db, db:
            sql = "UPDATE calls SET state = 'failed', reason = ? WHERE id = ?"
            db.execute(sql, (reason, call))

    def give_up_unfinished(self) -> int:
        """Fail what an earlier run left ``dialling``: trying it again might crash again."""
        sql = "UPDATE calls SET state = 'failed', reason = 'interrupted' WHERE state = 'dialling'"
        with closing(self._connect()) as db, db:
            return db.execute(sql).rowcount

    def dialling(self) -> int:
        """How many calls are being set up."""
        with closing(self._connect()) as db:
            sql = "SELECT count(*) FROM calls WHERE state = 'dialling'"
            return int(db.execute(sql).fetchone()[0])

    def latest(self, most: int = 100) -> list[dict[str, str | int]]:
        """Newest first."""
        with closing(self._connect()) as db:
            rows = db.execute("SELECT * FROM calls ORDER BY id DESC LIMIT ?", (most,))
            return [dict(row) for row in rows]

    def _connect(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=10)
        db.row_factory = sqlite3.Row
        db.execute("PRAGMA synchronous = FULL")
        return db
