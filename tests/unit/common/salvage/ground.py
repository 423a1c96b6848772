"""A database with tables of every kind, and what is in it."""

from __future__ import annotations

import contextlib
import random
import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from common.database import connect, migrate


def steps() -> Migrations:
    """Rowid tables with and without a key of their own, one without rowid, an index."""
    made = Migrations("ground")

    @made(name="one")
    def one(db: Database) -> None:
        db.execute("CREATE TABLE bodies (id INTEGER PRIMARY KEY, dsn INTEGER NOT NULL, body BLOB, "
                   "state TEXT NOT NULL DEFAULT 'new')")  # fmt: skip
        db.execute("CREATE INDEX bodies_new ON bodies (id) WHERE state = 'new'")
        db.execute("CREATE TABLE names (name TEXT PRIMARY KEY, number INTEGER NOT NULL)")
        db.execute("CREATE TABLE hours (who INTEGER NOT NULL, hour TEXT NOT NULL, n INTEGER, "
                   "PRIMARY KEY (hour, who)) WITHOUT ROWID")  # fmt: skip

    @made(name="two")
    def two(db: Database) -> None:
        db.execute("ALTER TABLE names ADD COLUMN note TEXT NOT NULL DEFAULT 'none'")

    return made


def fill(path: Path, seed: int = 1) -> None:
    """Some hundred rows; bodies from nothing to several pages."""
    chance = random.Random(seed)
    migrate(path, steps())
    with contextlib.closing(connect(path)) as db:
        db.execute("BEGIN")
        for number in range(150):
            body = chance.randbytes(chance.choice([0, 40, 900, 4000, 9000]))
            db.execute("INSERT INTO bodies (dsn, body) VALUES (?, ?)", (number % 7, body))
            db.execute("INSERT INTO names (name, number) VALUES (?, ?)", (f"n{number:04}", number))
            db.execute("INSERT INTO hours VALUES (?, ?, ?)", (number, f"h{number % 24:02}", 1))
        db.execute("DELETE FROM names WHERE number % 50 = 3")
        db.execute("COMMIT")


def content(path: Path) -> dict[str, set[tuple[object, ...]]]:
    """Every row of every table."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        db.text_factory = bytes
        return {
            table: set(db.execute(f"SELECT * FROM {table}").fetchall())
            for table in ("bodies", "names", "hours")
        }


def flip(path: Path, place: int, value: int | None = None) -> None:
    """Change one byte."""
    data = bytearray(path.read_bytes())
    data[place] = data[place] ^ 0x41 if value is None else value
    path.write_bytes(data)
