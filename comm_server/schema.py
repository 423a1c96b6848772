"""The communications server's tables, in ordered steps."""

from __future__ import annotations

from sqlite_utils import Database, Migrations

from comm_server.mirror import schema as mirror_schema
from comm_server.rollout import schema as rollout_schema
from common.feed import schema as feed_schema
from common.web.accounts import add_to as add_accounts


def migrations() -> Migrations:
    """All steps, oldest first. A released step is never changed; a new one is added at the end."""
    steps = Migrations("comm")
    feed_schema.add_to(steps)
    add_accounts(steps)
    mirror_schema.add_to(steps)
    steps(name="site")(_site)
    steps(name="fleet")(_fleet)
    steps(name="errors")(_errors)
    steps(name="outbox")(_outbox)
    steps(name="rollout")(_rollout)
    steps(name="report_names")(_report_names)
    steps(name="mail_ways")(_mail_ways)
    steps(name="log_lines")(_log_lines)
    steps(name="resolutions")(_resolutions)
    steps(name="problem_hours")(_problem_hours)
    rollout_schema.add_to(steps)
    steps(name="sent_content")(_sent_content)
    steps(name="reports_kept")(_reports_kept)
    steps(name="kept_whole")(_kept_whole)
    mirror_schema.add_notices_to(steps)
    mirror_schema.add_terms_to(steps)
    return steps


def _site(db: Database) -> None:
    """Small facts about this site, by name."""
    db.execute("CREATE TABLE facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")


def _fleet(db: Database) -> None:
    db.execute(
        """CREATE TABLE invitations (
            secret_sha256 TEXT PRIMARY KEY, made_at TEXT NOT NULL, expires_at TEXT NOT NULL,
            used_at TEXT, used_by TEXT)"""
    )
    db.execute(
        """CREATE TABLE clients (
            client TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, platform TEXT NOT NULL,
            certificate_sha256 TEXT NOT NULL UNIQUE, public_key TEXT NOT NULL,
            joined_at TEXT NOT NULL, last_seen TEXT, vitals TEXT, revoked_at TEXT)"""
    )
    db.execute(
        """CREATE TABLE client_programs (
            client TEXT NOT NULL REFERENCES clients, product TEXT NOT NULL, channel TEXT NOT NULL,
            platform TEXT NOT NULL, release TEXT, PRIMARY KEY (client, product))"""
    )
    # A DSN names one program on one machine; `id` is the Sentry project number.
    db.execute(
        """CREATE TABLE dsns (
            id INTEGER PRIMARY KEY, key TEXT NOT NULL UNIQUE, program TEXT NOT NULL,
            machine TEXT NOT NULL, made_at TEXT NOT NULL, UNIQUE (program, machine))"""
    )


def _errors(db: Database) -> None:
    # What came in, as it came in; the answer goes out after this row's commit.
    db.execute(
        """CREATE TABLE raw (
            id INTEGER PRIMARY KEY, received_at TEXT NOT NULL, kind TEXT NOT NULL,
            dsn INTEGER NOT NULL REFERENCES dsns, encoding TEXT NOT NULL, body BLOB,
            state TEXT NOT NULL DEFAULT 'new', error TEXT, bundle INTEGER)"""
    )
    db.execute("CREATE INDEX raw_new ON raw (id) WHERE state = 'new'")
    db.execute("CREATE INDEX raw_quarantined ON raw (id) WHERE state = 'quarantined'")
    db.execute(
        """CREATE TABLE problems (
            id INTEGER PRIMARY KEY, fingerprint TEXT NOT NULL, grouper TEXT NOT NULL,
            program TEXT NOT NULL, type TEXT NOT NULL, title TEXT NOT NULL, place TEXT NOT NULL,
            level TEXT NOT NULL, count INTEGER NOT NULL DEFAULT 0, first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL, since_release TEXT NOT NULL, parts TEXT NOT NULL,
            mailed_count INTEGER NOT NULL DEFAULT 0, mailed_at TEXT,
            UNIQUE (program, fingerprint))"""
    )
    db.execute(
        """CREATE TABLE problem_seen (
            problem INTEGER NOT NULL REFERENCES problems, release TEXT NOT NULL,
            machine TEXT NOT NULL, count INTEGER NOT NULL, first_seen TEXT NOT NULL,
            last_seen TEXT NOT NULL, PRIMARY KEY (problem, release, machine))"""
    )
    db.execute(
        """CREATE TABLE reports (
            id INTEGER PRIMARY KEY, dsn INTEGER NOT NULL REFERENCES dsns, event_id TEXT NOT NULL,
            problem INTEGER NOT NULL REFERENCES problems, received_at TEXT NOT NULL,
            release TEXT NOT NULL, machine TEXT NOT NULL, event TEXT, copies INTEGER NOT NULL,
            bundle INTEGER, UNIQUE (dsn, event_id))"""
    )
    db.execute("CREATE INDEX reports_waiting ON reports (problem) WHERE bundle IS NULL")
    # What is missing from the reports, and what was masked in them, until a bundle tells it.
    db.execute(
        """CREATE TABLE tallies (
            kind TEXT NOT NULL, reason TEXT NOT NULL, count INTEGER NOT NULL,
            PRIMARY KEY (kind, reason))"""
    )


def _outbox(db: Database) -> None:
    # `mail` holds the frozen bytes: the same on every try.
    db.execute(
        """CREATE TABLE bundles (
            sequence INTEGER PRIMARY KEY, reason TEXT NOT NULL, created_at TEXT NOT NULL,
            sha256 TEXT NOT NULL, message_id TEXT NOT NULL, mail BLOB, size INTEGER NOT NULL,
            summary TEXT NOT NULL, state TEXT NOT NULL DEFAULT 'frozen',
            failures INTEGER NOT NULL DEFAULT 0, next_try_at TEXT NOT NULL, last_error TEXT,
            sent_at TEXT, delivered_at TEXT)"""
    )


def _rollout(db: Database) -> None:
    db.execute(
        """CREATE TABLE receipts (
            id TEXT PRIMARY KEY, client TEXT NOT NULL REFERENCES clients, product TEXT NOT NULL,
            version TEXT NOT NULL, outcome TEXT NOT NULL, reason TEXT NOT NULL, at TEXT NOT NULL,
            signed TEXT NOT NULL, bundle INTEGER)"""
    )
    db.execute(
        """CREATE TABLE halts (
            product TEXT NOT NULL, version TEXT NOT NULL, reason TEXT NOT NULL,
            at TEXT NOT NULL, PRIMARY KEY (product, version))"""
    )


def _report_names(db: Database) -> None:
    # Two machines may send equal events: plain reports are named by what they say.
    db.execute("CREATE INDEX reports_event ON reports (event_id)")


def _mail_ways(db: Database) -> None:
    # `perhaps_out`: somebody may have it, so its bytes stay for ever; `more`: not all that waited
    # found room; `before`: what unfreezing puts back; `trouble`: kind of the last failure.
    for column in (
        "perhaps_out INTEGER NOT NULL DEFAULT 0",
        "more INTEGER NOT NULL DEFAULT 0",
        "before TEXT",
        "trouble TEXT",
        "exported_at TEXT",
    ):
        db.execute(f"ALTER TABLE bundles ADD COLUMN {column}")
    db.execute("UPDATE bundles SET perhaps_out = 1")  # nobody noted it: assume so


def _log_lines(db: Database) -> None:
    # Lines of all machines, in the time of this server's clock; see comm_server/log_lines.py.
    db.execute(
        """CREATE TABLE log_lines (
            id INTEGER PRIMARY KEY, machine TEXT NOT NULL, program TEXT NOT NULL,
            at TEXT NOT NULL, level TEXT NOT NULL, line TEXT NOT NULL, size INTEGER NOT NULL,
            kept_at TEXT NOT NULL)"""
    )
    db.execute("CREATE INDEX log_lines_at ON log_lines (at)")
    db.execute("CREATE TABLE log_total (bytes INTEGER NOT NULL)")
    db.execute("INSERT INTO log_total VALUES (0)")
    # The highest number of each client's lines that was committed, by the client's numbering.
    db.execute(
        """CREATE TABLE log_cursors (
            client TEXT NOT NULL, ring TEXT NOT NULL, accepted INTEGER NOT NULL,
            PRIMARY KEY (client, ring))"""
    )


def _problem_hours(db: Database) -> None:
    # `hour` is the stamp of its beginning.
    db.execute(
        """CREATE TABLE problem_hours (
            problem INTEGER NOT NULL REFERENCES problems, hour TEXT NOT NULL,
            count INTEGER NOT NULL, PRIMARY KEY (problem, hour)) WITHOUT ROWID"""
    )
    # Rows that only tell a copy from a new report: in a storm the oldest go with each new one.
    db.execute("CREATE INDEX reports_ids ON reports (id) WHERE event IS NULL")


def _resolutions(db: Database) -> None:
    # What the vendor resolved, and where it came back; `bundle` told that.
    db.execute(
        """CREATE TABLE resolutions (
            problem INTEGER PRIMARY KEY REFERENCES problems, release TEXT NOT NULL,
            heard_at TEXT NOT NULL, came_back_in TEXT, came_back_at TEXT, bundle INTEGER)"""
    )


def _kept_whole(db: Database) -> None:
    # What befell this server itself; `facts` is JSON, see comm_server/alarms.py.
    db.execute(
        """CREATE TABLE alarms (
            id INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, facts TEXT NOT NULL,
            bundle INTEGER)"""
    )
    # A byte that changes on the disk within a body is seen by nothing but these; NULL: not known.
    db.execute("ALTER TABLE raw ADD COLUMN sum INTEGER")
    db.execute("ALTER TABLE bundles ADD COLUMN sum INTEGER")


def _sent_content(db: Database) -> None:
    # What each bundle holds, readable, as it was sealed: see comm_server/sent_content.py.
    db.execute(
        """CREATE TABLE sent_content (
            sequence INTEGER PRIMARY KEY, frame BLOB NOT NULL, size INTEGER NOT NULL,
            kept_at TEXT NOT NULL)"""
    )


def _reports_kept(db: Database) -> None:
    # Leads from a problem to its reports that can be read; a storm's counted ones are not in it.
    db.execute(
        "CREATE INDEX reports_kept ON reports (problem, id) WHERE event IS NOT NULL OR bundle > 0"
    )
