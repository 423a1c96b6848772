"""What the vendor has resolved, kept here; and which of it came back.

Both ends look: a report that comes after the vendor's word is compared with it when it is digested
(`seen`), and a word that comes after the reports is compared with the releases they came from
(`keep`). A problem that came back waits, like all else, until a bundle has told it.
"""

from __future__ import annotations

import sqlite3

from comm_server.regression import is_regression
from common.logs import get_logger
from common.spool import Store
from common.wire.acknowledgement import MOST_RESOLVED

log = get_logger(__name__)
_HEARD = "resolutions heard"
_MOST_SEEN = 1000


def keep(store: Store, resolved: list[tuple[str, str, str]], as_of: int, now: str) -> None:
    """Keep what a statement says is resolved.

    Args:
        store: ``comm.db``.
        resolved: ``(program, fingerprint, release)``; a problem that is not known here is passed
            over. What a list with room left names no longer was taken back.
        as_of: number of the vendor's last decision in it; a statement that is older than the one
            heard last (mails come in any order) says nothing.
        now: a stamp.
    """

    def work(connection: sqlite3.Connection) -> None:
        heard = connection.execute("SELECT value FROM facts WHERE name = ?", (_HEARD,)).fetchone()
        if heard is not None and as_of < int(heard["value"]):
            return
        connection.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (_HEARD, str(as_of)))
        named = {_keep(connection, *one, now) for one in resolved}
        if len(resolved) >= MOST_RESOLVED:
            return
        for row in connection.execute("SELECT problem FROM resolutions").fetchall():
            if row["problem"] not in named:
                connection.execute("DELETE FROM resolutions WHERE problem = ?", (row["problem"],))

    store.write(work)


def seen(connection: sqlite3.Connection, problem: int, release: str, at: str) -> None:
    """A report of ``problem`` came from ``release``. Runs inside the digest's transaction."""
    row = connection.execute(
        "SELECT release FROM resolutions WHERE problem = ? AND came_back_at IS NULL", (problem,)
    ).fetchone()
    if row is not None and is_regression(release, row["release"]):
        connection.execute(
            "UPDATE resolutions SET came_back_in = ?, came_back_at = ? WHERE problem = ?",
            (release, at, problem),
        )
        log.warning("problem.came_back", problem=problem, release=release,
                    resolved_in=row["release"])  # fmt: skip


def _keep(
    connection: sqlite3.Connection, program: str, fingerprint: str, release: str, now: str
) -> int | None:
    """Keep one; answers the problem's id, or None when it is not known here."""
    found = connection.execute(
        "SELECT p.id, r.release FROM problems p LEFT JOIN resolutions r ON r.problem = p.id "
        "WHERE p.program = ? AND p.fingerprint = ?",
        (program, fingerprint),
    ).fetchone()
    if found is None:
        return None
    problem = int(found["id"])
    if found["release"] == release:
        return problem
    connection.execute(
        "INSERT OR REPLACE INTO resolutions (problem, release, heard_at) VALUES (?, ?, ?)",
        (problem, release, now),
    )
    for row in connection.execute(
        "SELECT release FROM problem_seen WHERE problem = ? ORDER BY last_seen DESC LIMIT ?",
        (problem, _MOST_SEEN),
    ).fetchall():
        seen(connection, problem, row["release"], now)
    return problem
