"""The mirror's tables."""

from __future__ import annotations

from sqlite_utils import Database, Migrations


def add_to(migrations: Migrations) -> None:
    """Add the mirror's steps to a room's migrations."""
    migrations(name="mirror")(_mirror)


def add_notices_to(migrations: Migrations) -> None:
    """Add the step for what the vendor halts and withdraws."""
    migrations(name="notices")(_notices)


def add_terms_to(migrations: Migrations) -> None:
    """Add the step for how the vendor asks sites to spread a version."""
    migrations(name="terms")(_terms)


def _terms(db: Database) -> None:
    # `facts`: a `common.wire.rollout.Terms` as JSON, as the channel's signed pointer has it.
    db.execute(
        """CREATE TABLE terms (
            product TEXT NOT NULL, channel TEXT NOT NULL, version TEXT NOT NULL,
            facts TEXT NOT NULL, PRIMARY KEY (product, channel, version)) WITHOUT ROWID"""
    )


def _notices(db: Database) -> None:
    # What the vendor's newest pointers say against a release; all of it is replaced at once.
    db.execute(
        """CREATE TABLE notices (
            product TEXT NOT NULL, channel TEXT NOT NULL, platform TEXT NOT NULL,
            version TEXT NOT NULL, sentence TEXT NOT NULL, withdrawn INTEGER NOT NULL,
            at TEXT NOT NULL, PRIMARY KEY (product, channel, platform, version)) WITHOUT ROWID"""
    )


def _mirror(db: Database) -> None:
    # A release that clients may fetch here, and since when.
    db.execute(
        """CREATE TABLE mirrored (
            product TEXT NOT NULL, channel TEXT NOT NULL, platform TEXT NOT NULL,
            version TEXT NOT NULL, at TEXT NOT NULL,
            PRIMARY KEY (product, channel, platform, version))"""
    )
    # What was offered and not accepted. The same refusal again only counts up, so that a vendor
    # that stays broken does not fill the table. `bundle` is the mail that told home of it.
    db.execute(
        """CREATE TABLE refusals (
            id INTEGER PRIMARY KEY, at TEXT NOT NULL, via TEXT NOT NULL, kind TEXT NOT NULL,
            sentence TEXT NOT NULL, evidence TEXT NOT NULL, times INTEGER NOT NULL DEFAULT 1,
            last_at TEXT NOT NULL, bundle INTEGER)"""
    )
