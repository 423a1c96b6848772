"""Lets go, each hour, of what has done its duty: nothing at the home grows without bound.

Work is done in small steps, each one transaction, so that mails are recorded in between and a kill
costs one step. Problems keep every count, first and last seen, until no site has seen them for
years.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from datetime import datetime

from common.clock import Clock, ago, stamp
from common.logs import get_logger
from common.spool import Store
from home.inbox.pack import packed
from home.inbox.settings import RetentionSettings

log = get_logger(__name__)
_STEP = 200  # rows in one transaction
_STEP_PROBLEMS = 20  # each with all its rows
_OF_A_PROBLEM = ("reports", "problem_hours", "sightings", "decisions", "summaries")
_FIRST_KEPT = 5
_NEWEST_KEPT = 3  # of each problem, whatever their age: its page is never empty
_STEPS = 10_000  # of one run; what is left waits for the next hour


def tidy(store: Store, settings: RetentionSettings, clock: Clock) -> dict[str, int]:
    """One run; answers what went, by the keys of ``work``."""
    now = clock.now()
    work: dict[str, Callable[[sqlite3.Connection], int]] = {
        "reports": lambda c: _old_reports(c, ago(now, days=settings.report_days)),
        "alike": lambda c: _too_many_reports(c, settings.reports_per_problem),
        "problems": lambda c: _problems(c, ago(now, days=settings.problem_days)),
        "receipts": lambda c: _receipts(c, settings.receipts_per_client),
        "refusals": lambda c: _events(c, "refusals", ago(now, days=settings.bundle_days)),
        "alarms": lambda c: _events(c, "alarms", ago(now, days=settings.bundle_days)),
        "contents": lambda c: _contents(c, ago(now, days=settings.content_days), now),
        "bundles": _bundles,
        "hours": lambda c: _hours(c, ago(now, days=settings.hour_days)),
    }
    store.write(lambda c: _forget(c, ago(now, days=settings.bundle_days)))
    gone = {what: _until_done(store, step) for what, step in work.items()}
    gone["reports"] += gone.pop("alike")
    if any(gone.values()):
        log.info("home.tidied", **gone)
    return gone


def _until_done(store: Store, step: Callable[[sqlite3.Connection], int]) -> int:
    total = 0
    for _ in range(_STEPS):
        done = store.write(step)
        if not done:
            break
        total += done
    return total


def _old_reports(connection: sqlite3.Connection, before: str) -> int:
    """Reports past their age, but for the newest few of each problem."""
    return connection.execute(
        "DELETE FROM reports WHERE rowid IN (SELECT r.rowid FROM reports r"
        " WHERE r.received_at < ? AND (r.problem IS NULL OR r.rowid NOT IN"
        " (SELECT n.rowid FROM reports n WHERE n.problem = r.problem"
        " ORDER BY n.received_at DESC, n.id DESC LIMIT ?)) LIMIT ?)",
        [before, _NEWEST_KEPT, _STEP],
    ).rowcount


def _too_many_reports(connection: sqlite3.Connection, most: int) -> int:
    """Of one problem and site that has too many: those between its first and its newest."""
    found = connection.execute(
        "SELECT problem, site FROM reports WHERE problem IS NOT NULL"
        " GROUP BY problem, site HAVING COUNT(*) > ? LIMIT 1",
        [most],
    ).fetchone()
    if found is None:
        return 0
    return connection.execute(
        "DELETE FROM reports WHERE rowid IN (SELECT rowid FROM (SELECT rowid,"
        " ROW_NUMBER() OVER (ORDER BY received_at, id) AS place, COUNT(*) OVER () AS total"
        " FROM reports WHERE problem = ? AND site = ?)"
        " WHERE place > ? AND place <= total - ?)",
        [found["problem"], found["site"], _FIRST_KEPT, most - _FIRST_KEPT],
    ).rowcount


def _problems(connection: sqlite3.Connection, before: str) -> int:
    """Those that no site has seen since, with all that was merged into them."""
    heads = [
        row["problem"]
        for row in connection.execute(
            "SELECT problem FROM summaries WHERE last_seen < ? ORDER BY last_seen LIMIT ?",
            [before, _STEP_PROBLEMS],
        )
    ]
    for head in heads:
        group = [
            row["id"]
            for row in connection.execute(
                "SELECT id FROM problems WHERE id = ?1 OR merged_into = ?1 ORDER BY id = ?1", [head]
            )
        ]
        for problem in group:
            for table in _OF_A_PROBLEM:
                connection.execute(f"DELETE FROM {table} WHERE problem = ?", [problem])  # noqa: S608 - names alone
            connection.execute("DELETE FROM problems WHERE id = ?", [problem])
    return len(heads)


def _receipts(connection: sqlite3.Connection, most: int) -> int:
    """Of one client and product that has too many: all but the newest."""
    found = connection.execute(
        "SELECT site, client, product FROM receipts GROUP BY site, client, product"
        " HAVING COUNT(*) > ? LIMIT 1",
        [most],
    ).fetchone()
    if found is None:
        return 0
    return connection.execute(
        "DELETE FROM receipts WHERE site = ?1 AND client = ?2 AND product = ?3 AND id NOT IN"
        " (SELECT id FROM receipts WHERE site = ?1 AND client = ?2 AND product = ?3"
        " ORDER BY at DESC, id DESC LIMIT ?4)",
        [*found, most],
    ).rowcount


def _events(connection: sqlite3.Connection, table: str, before: str) -> int:
    return connection.execute(
        f"DELETE FROM {table} WHERE rowid IN"  # noqa: S608 - names alone
        f" (SELECT rowid FROM {table} WHERE at < ? LIMIT ?)",
        [before, _STEP],
    ).rowcount


def _contents(connection: sqlite3.Connection, before: str, now: datetime) -> int:
    """What old bundles brought beside their numbers."""
    return connection.execute(
        "UPDATE bundles SET manifest = '{}', environment = '{}', logs = ?, emptied_at = ?"
        " WHERE id IN (SELECT id FROM bundles WHERE emptied_at IS NULL AND received_at < ?"
        " ORDER BY received_at LIMIT ?)",
        [packed([]), stamp(now), before, _STEP],
    ).rowcount


def _forget(connection: sqlite3.Connection, before: str) -> None:
    """Note for each site up to which number its bundles are old; its newest one never is."""
    for site in connection.execute("SELECT id, forgotten FROM sites").fetchall():
        newest = connection.execute(
            "SELECT MAX(sequence) FROM bundles WHERE site = ?", [site["id"]]
        ).fetchone()[0]
        young = connection.execute(
            "SELECT sequence FROM bundles WHERE site = ? AND (received_at >= ? OR sequence = ?)"
            " ORDER BY sequence LIMIT 1",
            [site["id"], before, newest],
        ).fetchone()
        if young is not None and young[0] - 1 > site["forgotten"]:
            connection.execute(
                "UPDATE sites SET forgotten = COALESCE((SELECT MAX(sequence) FROM bundles"
                " WHERE site = ?1 AND sequence < ?2), forgotten) WHERE id = ?1",
                [site["id"], young[0]],
            )


def _bundles(connection: sqlite3.Connection) -> int:
    """What is forgotten, and nothing is left that came with it."""
    return connection.execute(
        "DELETE FROM bundles WHERE id IN (SELECT b.id FROM sites JOIN bundles b"
        " ON b.site = sites.id AND b.sequence <= sites.forgotten"
        " WHERE NOT EXISTS (SELECT 1 FROM reports WHERE bundle = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM receipts WHERE bundle = b.id)"
        " AND NOT EXISTS (SELECT 1 FROM refusals WHERE bundle = b.id) LIMIT ?)",
        [_STEP],
    ).rowcount


def _hours(connection: sqlite3.Connection, before: str) -> int:
    return connection.execute(
        "DELETE FROM problem_hours WHERE (problem, hour, site) IN"
        " (SELECT problem, hour, site FROM problem_hours WHERE hour < ? LIMIT ?)",
        [before, _STEP * 10],
    ).rowcount
