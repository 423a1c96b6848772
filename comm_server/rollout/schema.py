"""The rollout's tables."""

from __future__ import annotations

from sqlite_utils import Database, Migrations


def add_to(migrations: Migrations) -> None:
    """Add the rings' step to the room's migrations."""
    migrations(name="rings")(_rings)


def _rings(db: Database) -> None:
    # One release on one channel. `rings` is the plan it began with (JSON list of texts), `ring`
    # the widest open one; what happened before `watched_from` was forgiven by a person. `code`
    # and `facts` say how it stands, see `comm_server.rollout.rules.Why`.
    db.execute(
        """CREATE TABLE rollouts (
            product TEXT NOT NULL, channel TEXT NOT NULL, version TEXT NOT NULL,
            rings TEXT NOT NULL, ring INTEGER NOT NULL DEFAULT -1, ring_at TEXT,
            began_at TEXT NOT NULL, watched_from TEXT NOT NULL,
            approved INTEGER NOT NULL DEFAULT -1, forced INTEGER NOT NULL DEFAULT -1,
            held_by TEXT, held_until TEXT, done_at TEXT,
            code TEXT NOT NULL DEFAULT '', facts TEXT NOT NULL DEFAULT '{}',
            PRIMARY KEY (product, channel, version))"""
    )
    # A client that was let switch has its place until its receipt comes.
    db.execute(
        """CREATE TABLE rollout_turns (
            product TEXT NOT NULL, version TEXT NOT NULL,
            client TEXT NOT NULL REFERENCES clients, ring TEXT NOT NULL, at TEXT NOT NULL,
            settled_at TEXT, PRIMARY KEY (product, version, client)) WITHOUT ROWID"""
    )
    # Every decision with its sentence; `person` is empty for what followed from the rules.
    db.execute(
        """CREATE TABLE rollout_decisions (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, product TEXT NOT NULL, version TEXT NOT NULL,
            code TEXT NOT NULL, facts TEXT NOT NULL, person TEXT NOT NULL DEFAULT '')"""
    )
    db.execute(
        """CREATE TABLE client_rings (
            client TEXT PRIMARY KEY REFERENCES clients, ring TEXT NOT NULL, person TEXT NOT NULL,
            at TEXT NOT NULL)"""
    )
    # `ring` is empty for the window of all rings that have none of their own.
    db.execute(
        """CREATE TABLE rollout_windows (
            ring TEXT PRIMARY KEY, cron TEXT NOT NULL, minutes INTEGER NOT NULL,
            zone TEXT NOT NULL, person TEXT NOT NULL, at TEXT NOT NULL)"""
    )
    # `back`: whoever runs it shall go back to the release before.
    db.execute("ALTER TABLE halts ADD COLUMN back INTEGER NOT NULL DEFAULT 0")
    db.execute("CREATE INDEX receipts_release ON receipts (product, version)")
    db.execute(
        """CREATE TABLE release_hours (
            program TEXT NOT NULL, release TEXT NOT NULL, hour TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (program, release, hour)) WITHOUT ROWID"""
    )
