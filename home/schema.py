"""The tables of ``home.db``, in ordered steps."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from home import rollouts, ways
from home.inbox import schema as inbox_schema


def migrations() -> Migrations:
    """All steps, oldest first. A released step is never changed; a new one is added at the end."""
    steps = Migrations("home")
    steps(name="approvals")(_approvals)
    inbox_schema.add_to(steps)
    inbox_schema.add_ack_mails_to(steps)
    inbox_schema.add_decisions_to(steps)
    steps(name="problem_hours")(_problem_hours)
    inbox_schema.add_merges_to(steps)
    steps(name="push")(_push)
    steps(name="rollouts")(rollouts.add_table)
    steps(name="alarms")(_alarms)
    steps(name="ways")(ways.add_columns)
    return steps


def _approvals(db: Database) -> None:
    # Each row holds the hash of the one before it; nobody changes or removes one.
    db.execute(
        """CREATE TABLE approvals (
            seq INTEGER PRIMARY KEY,
            at TEXT NOT NULL,
            product TEXT NOT NULL,
            version TEXT NOT NULL,
            channel TEXT NOT NULL,
            digests TEXT NOT NULL,          -- JSON: the manifest's digest by platform
            by TEXT NOT NULL,               -- the person who answers for it
            previous TEXT NOT NULL,
            hash TEXT NOT NULL UNIQUE)"""
    )
    for change in ("UPDATE", "DELETE"):
        db.execute(
            f"""CREATE TRIGGER approvals_no_{change.lower()} BEFORE {change} ON approvals
                BEGIN SELECT RAISE(ABORT, 'approvals are never changed'); END"""
        )


def _problem_hours(db: Database) -> None:
    # `hour` is the stamp of its beginning, `count` the site's own for it, `sequence` that of the
    # bundle which said so.
    db.execute(
        """CREATE TABLE problem_hours (
            problem INTEGER NOT NULL REFERENCES problems (id),
            site TEXT NOT NULL REFERENCES sites (id),
            hour TEXT NOT NULL,
            sequence INTEGER NOT NULL,
            count INTEGER NOT NULL,
            PRIMARY KEY (problem, hour, site)) WITHOUT ROWID"""
    )


def _push(db: Database) -> None:
    # Where a site takes pushes; `host_key` is the only one that is believed there.
    db.execute(
        """CREATE TABLE inboxes (
            site TEXT PRIMARY KEY REFERENCES sites (id),
            host TEXT NOT NULL, port INTEGER NOT NULL, user TEXT NOT NULL,
            host_key TEXT NOT NULL, folder TEXT NOT NULL)"""
    )
    # What a finished push has brought: large files are not sent to the same site twice.
    db.execute(
        """CREATE TABLE pushed (
            site TEXT NOT NULL REFERENCES inboxes (site), path TEXT NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (site, path)) WITHOUT ROWID"""
    )


def _alarms(db: Database) -> None:
    # What befell a site's communications server itself, in its own words.
    db.execute(
        """CREATE TABLE alarms (
            site TEXT NOT NULL REFERENCES sites (id),
            at TEXT NOT NULL, kind TEXT NOT NULL,
            sentence TEXT NOT NULL, sentence_zh TEXT NOT NULL,
            PRIMARY KEY (site, at, kind))"""
    )
    db.execute("CREATE INDEX alarms_at ON alarms (at)")
