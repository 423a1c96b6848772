"""The updater's tables, in ordered steps."""

from __future__ import annotations

from sqlite_utils import Database, Migrations


def migrations() -> Migrations:
    """All steps, oldest first. A released step is never changed; a new one is added at the end."""
    steps = Migrations("updater")
    steps(name="programs")(_programs)
    steps(name="outbox")(_outbox)
    steps(name="logtail")(_logtail)
    steps(name="applying")(_applying)
    steps(name="data")(_data)
    return steps


def _programs(db: Database) -> None:
    # `generation` is the one that the next or last switch writes into current.json, set before
    # the act. `target_manifest` is the whole signed manifest: the way can be ended offline.
    db.execute(
        """CREATE TABLE programs (
            product TEXT PRIMARY KEY, channel TEXT NOT NULL, port INTEGER NOT NULL,
            dsn TEXT, ordered TEXT NOT NULL DEFAULT '',
            state TEXT NOT NULL DEFAULT 'idle', reason TEXT NOT NULL DEFAULT '',
            since TEXT NOT NULL, generation INTEGER NOT NULL DEFAULT 0, target_manifest TEXT,
            current_version TEXT, current_digest TEXT,
            previous_version TEXT, previous_digest TEXT)"""
    )
    db.execute(
        """CREATE TABLE journal (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, product TEXT NOT NULL,
            version TEXT NOT NULL, state TEXT NOT NULL, event TEXT NOT NULL, note TEXT NOT NULL)"""
    )
    # Never tried again on this machine.
    db.execute(
        """CREATE TABLE bad_releases (
            product TEXT NOT NULL, digest TEXT NOT NULL, version TEXT NOT NULL,
            reason TEXT NOT NULL, at TEXT NOT NULL, PRIMARY KEY (product, digest))"""
    )
    # Refusals that were told, so that a minute later the same one is not told again.
    db.execute(
        """CREATE TABLE refusals (
            product TEXT NOT NULL, step TEXT NOT NULL, what TEXT NOT NULL,
            PRIMARY KEY (product, step, what))"""
    )
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")


def _outbox(db: Database) -> None:
    db.execute(
        """CREATE TABLE receipts (
            seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, signed TEXT NOT NULL,
            made_at TEXT NOT NULL, sent_at TEXT, rejected TEXT)"""
    )
    db.execute("CREATE INDEX receipts_waiting ON receipts (seq) WHERE sent_at IS NULL")


def _logtail(db: Database) -> None:
    # See updater/logtail/rotation.py:Position. A line and the place after it are one transaction.
    db.execute(
        """CREATE TABLE log_positions (
            path TEXT PRIMARY KEY, program TEXT NOT NULL, device INTEGER NOT NULL,
            inode INTEGER NOT NULL, offset INTEGER NOT NULL, head BLOB NOT NULL,
            tail BLOB NOT NULL, skipping INTEGER NOT NULL, window TEXT NOT NULL,
            lines INTEGER NOT NULL, errors INTEGER NOT NULL, skipped INTEGER NOT NULL)"""
    )
    db.execute("CREATE TABLE log_patterns (pattern TEXT PRIMARY KEY)")
    db.execute(
        """CREATE TABLE log_lines (
            seq INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, program TEXT NOT NULL,
            level TEXT NOT NULL, line TEXT NOT NULL, error INTEGER NOT NULL,
            size INTEGER NOT NULL)"""
    )
    # `id` names this numbering: a database that is made anew begins with 1 under another name.
    # `lost`: lines that the ring had no room for before they were sent, not yet told.
    db.execute(
        """CREATE TABLE log_ring (
            one INTEGER PRIMARY KEY CHECK (one = 1), id TEXT NOT NULL, sent INTEGER NOT NULL,
            bytes INTEGER NOT NULL, lost INTEGER NOT NULL)"""
    )
    db.execute("INSERT INTO log_ring VALUES (1, lower(hex(randomblob(8))), 0, 0, 0)")


def _applying(db: Database) -> None:
    # `issue`: how often the vendor had issued the target again when it was found; a bad release is
    # tried again when that number has grown. `reached`: whether the communications server was
    # there at the switch. `token`: how the program knows its updater.
    for column in (
        "issue INTEGER NOT NULL DEFAULT 0",
        "reached INTEGER NOT NULL DEFAULT 0",
        "token TEXT NOT NULL DEFAULT ''",
        "hold_made TEXT",
        "hold_until TEXT",
    ):
        db.execute(f"ALTER TABLE programs ADD COLUMN {column}")
    db.execute("UPDATE programs SET token = lower(hex(randomblob(16)))")
    db.execute("ALTER TABLE bad_releases ADD COLUMN issue INTEGER NOT NULL DEFAULT 0")


def _data(db: Database) -> None:
    # Where the program's data lay before it came into care; empty: in its own folder here.
    db.execute("ALTER TABLE programs ADD COLUMN data TEXT NOT NULL DEFAULT ''")
