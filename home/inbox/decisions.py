"""The vendor's work on a problem: resolved in a release, ignored, taken back, given to somebody.

Every decision stays, with who and when; the last one holds. What is resolved travels to each site
that has the problem, in its signed acknowledgements; a site knows fingerprints and nothing of what
was merged here, and so is told each of its own.
"""

from __future__ import annotations

import sqlite3

from common.clock import Clock, stamp
from common.spool import Row, Store
from common.wire.acknowledgement import MOST_RESOLVED
from home.inbox import summaries

MOST_VALUE = 80
_OF_STATE = "('resolved', 'ignored', 'open')"


def decide(store: Store, problem: int, kind: str, value: str, who: str, clock: Clock) -> bool:
    """Note a decision; False when there is no such problem.

    Args:
        store: ``home.db``.
        problem: its number; one that was merged counts as its head.
        kind: ``resolved``, ``ignored``, ``open`` (taken back) or ``assigned``.
        value: the release (``program@version`` or the version), or the person; empty otherwise.
        who: decides.
        clock: tells when.
    """
    at = stamp(clock.now())

    def work(connection: sqlite3.Connection) -> bool:
        head = summaries.head_of(connection, problem)
        if not connection.execute("SELECT 1 FROM problems WHERE id = ?", (head,)).fetchone():
            return False
        note(connection, head, kind, value, who, at)
        summaries.refresh(connection, [head])
        return True

    return store.write(work)


def note(
    connection: sqlite3.Connection, problem: int, kind: str, value: str, who: str, at: str
) -> None:
    """Write one decision; inside a transaction."""
    connection.execute(
        "INSERT INTO decisions (problem, kind, value, who, at) VALUES (?, ?, ?, ?, ?)",
        (problem, kind, value, who, at),
    )


def history(store: Store, problem: int, most: int = 50) -> list[Row]:
    """Its decisions ``{kind, value, who, at}``, the last one first."""
    return store.rows(
        "SELECT kind, value, who, at FROM decisions WHERE problem = ? ORDER BY id DESC LIMIT ?",
        (problem, most),
    )


def sites_of(store: Store, problem: int) -> list[str]:
    """The sites that have seen it under any of its fingerprints, by id."""
    rows = store.rows(
        "SELECT DISTINCT site FROM sightings WHERE problem IN"
        " (SELECT id FROM problems WHERE id = ? OR merged_into = ?)",
        (problem, problem),
    )
    return [row["site"] for row in rows]


def resolved(store: Store, site: str) -> list[Row]:
    """What of a site's problems is resolved, ``{program, fingerprint, release}``, last ones first.

    Names that no program has are left out: they would make the statement larger than it may be.
    """
    return store.rows(
        "SELECT p.program, p.fingerprint, d.value AS release FROM sightings s "  # noqa: S608 - ours
        "JOIN problems p ON p.id = s.problem JOIN decisions d ON d.id = (SELECT MAX(id) "
        f"FROM decisions WHERE problem = COALESCE(p.merged_into, p.id) AND kind IN {_OF_STATE}) "
        "WHERE s.site = ? AND d.kind = 'resolved' AND length(CAST(p.program AS BLOB)) <= 200 "
        "AND length(CAST(p.fingerprint AS BLOB)) <= 100 ORDER BY d.id DESC LIMIT ?",
        (site, MOST_RESOLVED),
    )


def last_decision(store: Store) -> int:
    """The number of the last one; 0 before any."""
    return int(store.value("SELECT COALESCE(MAX(id), 0) FROM decisions"))
