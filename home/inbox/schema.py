"""Tables of the inbox and of the fleet in ``home.db``."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from common.web import accounts

_INBOX = (
    """
    CREATE TABLE sites (
        id TEXT PRIMARY KEY,
        name TEXT NOT NULL UNIQUE,
        enrolment_secret TEXT,          -- base64; forgotten once the site's key is pinned
        public_key TEXT,                -- base64 ed25519; NULL until the first bundle
        added_at TEXT NOT NULL,
        enrolled_at TEXT,
        heard_at TEXT                   -- when its newest bundle came
    )
    """,
    """
    CREATE TABLE bundles (
        id INTEGER PRIMARY KEY,
        site TEXT NOT NULL REFERENCES sites (id),
        sequence INTEGER NOT NULL,
        sha256 TEXT NOT NULL,           -- of the sealed bytes
        previous TEXT,                  -- sha256 of the bundle before it, as the site says
        created TEXT NOT NULL,
        received_at TEXT NOT NULL,
        heard_again_at TEXT NOT NULL,   -- the last time a copy of it came
        reason TEXT NOT NULL,
        size INTEGER NOT NULL,
        message_id TEXT NOT NULL,
        reports INTEGER NOT NULL,
        problems INTEGER NOT NULL,
        manifest TEXT NOT NULL,
        environment TEXT NOT NULL,
        logs BLOB NOT NULL,             -- JSON lines, one zstd frame
        UNIQUE (site, sequence, sha256)
    )
    """,
    """
    CREATE TABLE problems (
        id INTEGER PRIMARY KEY,
        program TEXT NOT NULL,
        fingerprint TEXT NOT NULL,
        grouper TEXT NOT NULL,
        title TEXT NOT NULL,
        type TEXT NOT NULL,
        place TEXT NOT NULL,
        level TEXT NOT NULL,
        arrived_at TEXT NOT NULL,       -- when the home first heard of it
        seen_at TEXT,                   -- a person of the vendor has looked at it
        seen_by TEXT,
        UNIQUE (program, fingerprint)
    )
    """,
    """
    CREATE TABLE sightings (
        problem INTEGER NOT NULL REFERENCES problems (id),
        site TEXT NOT NULL REFERENCES sites (id),
        sequence INTEGER NOT NULL,      -- the bundle whose numbers these are
        count INTEGER NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        releases TEXT NOT NULL,         -- JSON list
        since_release TEXT,
        machines TEXT NOT NULL,         -- JSON list
        status TEXT NOT NULL,           -- new, regression or known, as the site saw it
        regressed_at TEXT,              -- when a bundle last said regression
        PRIMARY KEY (problem, site)
    )
    """,
    """
    CREATE TABLE reports (
        site TEXT NOT NULL REFERENCES sites (id),
        id TEXT NOT NULL,
        bundle INTEGER NOT NULL REFERENCES bundles (id),
        problem INTEGER REFERENCES problems (id),
        machine TEXT NOT NULL,
        received_at TEXT NOT NULL,      -- by the site
        event BLOB,                     -- JSON as a zstd frame; NULL when it could not be parsed
        raw BLOB,                       -- the bytes of a quarantined report
        PRIMARY KEY (site, id)
    )
    """,
    "CREATE INDEX reports_by_problem ON reports (problem, received_at)",
    "CREATE INDEX reports_by_bundle ON reports (bundle)",
    """
    CREATE TABLE refused_mails (
        file TEXT PRIMARY KEY,
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        sentence TEXT NOT NULL,
        sender TEXT NOT NULL,
        subject TEXT NOT NULL,
        message_id TEXT NOT NULL,
        noted_at TEXT
    )
    """,
)

_FLEET = (
    """
    CREATE TABLE clients (
        site TEXT NOT NULL REFERENCES sites (id),
        client TEXT NOT NULL,
        name TEXT NOT NULL,
        public_key TEXT,
        sequence INTEGER NOT NULL,      -- the bundle that says so
        facts TEXT NOT NULL,            -- JSON: the manifest's whole entry
        PRIMARY KEY (site, client)
    )
    """,
    """
    CREATE TABLE receipts (
        site TEXT NOT NULL REFERENCES sites (id),
        id TEXT NOT NULL,
        client TEXT NOT NULL,
        product TEXT NOT NULL,
        version TEXT NOT NULL,
        digest TEXT NOT NULL,
        outcome TEXT NOT NULL,
        reason TEXT NOT NULL,
        from_version TEXT,
        at TEXT NOT NULL,
        log_tail TEXT NOT NULL,         -- JSON list of lines
        doubt TEXT NOT NULL,            -- '' when the signature fits
        bundle INTEGER NOT NULL REFERENCES bundles (id),
        PRIMARY KEY (site, id)
    )
    """,
    "CREATE INDEX receipts_by_release ON receipts (product, version)",
    """
    CREATE TABLE refusals (
        site TEXT NOT NULL REFERENCES sites (id),
        at TEXT NOT NULL,
        kind TEXT NOT NULL,
        sentence TEXT NOT NULL,
        bundle INTEGER NOT NULL REFERENCES bundles (id),
        PRIMARY KEY (site, at, kind, sentence)
    )
    """,
)


_ACK_MAILS = """
    CREATE TABLE ack_mails (
        site TEXT PRIMARY KEY REFERENCES sites (id),
        told_until TEXT,                -- the latest bundle heard of that a mail has told
        failures INTEGER NOT NULL DEFAULT 0,
        next_try_at TEXT,
        last_error TEXT
    )
"""


def add_ack_mails_to(migrations: Migrations) -> None:
    """Append the step of acknowledgements by mail."""

    @migrations(name="ack_mails")
    def ack_mails(db: Database) -> None:
        db.execute(_ACK_MAILS)


_DECISIONS = (
    """
    CREATE TABLE decisions (            -- only added to: who did what, and when
        id INTEGER PRIMARY KEY,
        problem INTEGER NOT NULL REFERENCES problems (id),
        kind TEXT NOT NULL,             -- resolved, ignored, open (taken back) or assigned
        value TEXT NOT NULL,            -- the release, or the person's name
        who TEXT NOT NULL,
        at TEXT NOT NULL
    )
    """,
    "CREATE INDEX decisions_by_problem ON decisions (problem, kind, id)",
    # The release in which it came back after it was resolved, as the site saw it.
    "ALTER TABLE sightings ADD COLUMN came_back_in TEXT NOT NULL DEFAULT ''",
)


def add_decisions_to(migrations: Migrations) -> None:
    """Append the step of the vendor's work on problems; the last of the inbox's."""

    @migrations(name="decisions")
    def decisions(db: Database) -> None:
        for statement in _DECISIONS:
            db.execute(statement)


def add_to(migrations: Migrations) -> None:
    """Append the steps of inbox, console accounts and fleet to the home's."""

    @migrations(name="inbox")
    def inbox(db: Database) -> None:
        for statement in _INBOX:
            db.execute(statement)

    accounts.add_to(migrations)

    @migrations(name="fleet")
    def fleet(db: Database) -> None:
        for statement in _FLEET:
            db.execute(statement)


_MERGES = (
    # A merged problem keeps its own rows; whoever asks counts them with the one it was merged into.
    "ALTER TABLE problems ADD COLUMN merged_into INTEGER REFERENCES problems (id)",
    "CREATE INDEX problems_merged ON problems (merged_into) WHERE merged_into IS NOT NULL",
    # What its reports said, for the search: lines, each once.
    "ALTER TABLE problems ADD COLUMN messages TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX sightings_by_site ON sightings (site, problem)",
    # The event that quarantined bytes (attachments) belong to; '' for none.
    "ALTER TABLE reports ADD COLUMN about TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX reports_about ON reports (site, about) WHERE about <> ''",
    "CREATE INDEX reports_by_problem_site ON reports (problem, site)",
    "CREATE INDEX reports_received ON reports (received_at)",
    # The bundles up to this number were let go of; one that comes again is refused.
    "ALTER TABLE sites ADD COLUMN forgotten INTEGER NOT NULL DEFAULT 0",
    # When what a bundle brought beside its numbers was let go of.
    "ALTER TABLE bundles ADD COLUMN emptied_at TEXT",
    "CREATE INDEX bundles_full ON bundles (received_at) WHERE emptied_at IS NULL",
    "CREATE INDEX bundles_chain ON bundles (site, sequence, sha256, previous, received_at)",
    "CREATE INDEX receipts_by_bundle ON receipts (bundle)",
    "CREATE INDEX refusals_by_bundle ON refusals (bundle)",
    "CREATE INDEX bundles_heard ON bundles (site, heard_again_at DESC, id DESC)",
    "CREATE INDEX bundles_received ON bundles (received_at DESC, id DESC)",
    "CREATE INDEX problem_hours_by_hour ON problem_hours (hour)",
    # One row for each problem that lists show: all of it is computed from the other tables, in the
    # transaction that changes them (home/inbox/summaries.py).
    """
    CREATE TABLE summaries (
        problem INTEGER PRIMARY KEY REFERENCES problems (id),
        program TEXT NOT NULL,
        count INTEGER NOT NULL,
        first_seen TEXT NOT NULL,
        last_seen TEXT NOT NULL,
        sites TEXT NOT NULL,            -- JSON list of names
        releases TEXT NOT NULL,         -- JSON list
        machines TEXT NOT NULL,         -- JSON list
        since_release TEXT NOT NULL,
        status TEXT NOT NULL,
        state TEXT NOT NULL,            -- of the vendor's work: '', ignored, resolved or back
        open INTEGER NOT NULL,          -- it needs a person
        resolved_in TEXT NOT NULL,
        came_back_in TEXT NOT NULL,
        decided_by TEXT NOT NULL,
        decided_at TEXT NOT NULL,
        assigned_to TEXT NOT NULL,
        words TEXT NOT NULL             -- everything that the search looks through
    )
    """,
    "CREATE INDEX summaries_waiting ON summaries (open DESC, last_seen DESC, problem)",
    "CREATE INDEX summaries_latest ON summaries (last_seen DESC, problem)",
    "CREATE INDEX summaries_busiest ON summaries (count DESC, problem)",
    "CREATE INDEX summaries_newest ON summaries (first_seen DESC, problem)",
    "CREATE INDEX summaries_resolved ON summaries (resolved_in) WHERE resolved_in <> ''",
)


def add_merges_to(migrations: Migrations) -> None:
    """Append the step of merged problems, quick lists and letting go."""

    @migrations(name="merges")
    def merges(db: Database) -> None:
        for statement in _MERGES:
            db.execute(statement)
