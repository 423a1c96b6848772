"""After a damaged database was saved row by row: what lost rows have torn apart is joined again.

Runs within the transaction that fills the fresh file. What the lost rows said stands partly in
indexes, which lie on other pages, and in rows that refer to them.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from comm_server import alarms
from comm_server.fingerprint import with_trace
from comm_server.grouping import group
from comm_server.plain import one_line
from comm_server.unfreeze import last_remembered, remember_last, tell_again
from common.clock import stamp
from common.salvage import Rescued

_STATES = ("new", "digested", "quarantined")
_OWN = ("comm_server", "communications-server")
_PAGES_OF = {"raw", "reports"}  # others may hold secrets


def put_right(connection: sqlite3.Connection, found: Rescued, now: datetime) -> None:
    """Join, count again, and note the alarm."""
    at = stamp(now)
    _dsns(connection, found, at)
    _raw(connection, found, at)
    _problems(connection, found, at)
    _bundles(connection, at)
    connection.execute("DELETE FROM log_total")
    connection.execute("INSERT INTO log_total SELECT coalesce(sum(size), 0) FROM log_lines")
    connection.execute(
        "INSERT OR IGNORE INTO feed_topics (topic, head, floor) "
        "SELECT topic, max(seq), min(seq) - 1 FROM feed_events GROUP BY topic"
    )
    facts = {"lost": found.lost, "rows": found.rows, "kept_as": found.kept_as.name}
    alarms.keep(connection, "database_mended", at, facts)


def _dsns(connection: sqlite3.Connection, found: Rescued, at: str) -> None:
    """Names and keys of DSNs stand in two indexes; a program whose key is lost needs a new one."""
    keys = _keys(found)
    names = _named(found, "sqlite_autoindex_dsns_2")
    wanted = {
        row[0]
        for table in ("raw", "reports")
        for row in connection.execute(f"SELECT DISTINCT dsn FROM {table}")  # noqa: S608 - our own words
    }
    for number in sorted(set(keys) | set(names) | wanted):
        program, machine = names.get(number) or ("lost", f"dsn-{number}")
        connection.execute(
            "INSERT OR IGNORE INTO dsns (id, key, program, machine, made_at) "
            "VALUES (?, ?, ?, ?, ?)",
            (number, keys.get(number) or secrets.token_hex(16), program, machine, at),
        )


def _keys(found: Rescued) -> dict[int, str]:
    entries = (row for row in found.indexes.get("sqlite_autoindex_dsns_1", []) if len(row) == 2)
    return {row[1]: str(row[0]) for row in entries if isinstance(row[1], int)}


def _named(found: Rescued, index: str) -> dict[int, tuple[str, str]]:
    """Rowid to the two texts of an index."""
    entries = (row for row in found.indexes.get(index, []) if len(row) == 3)
    return {row[2]: (str(row[0]), str(row[1])) for row in entries if isinstance(row[2], int)}


def _raw(connection: sqlite3.Connection, found: Rescued, at: str) -> None:
    """No row is forgotten for a state that is none; damaged pages go home as they are."""
    connection.execute(
        "UPDATE raw SET state = CASE WHEN body IS NULL THEN 'digested' ELSE 'new' END "
        "WHERE state NOT IN (?, ?, ?) OR (state = 'new' AND body IS NULL)",
        _STATES,
    )
    pages = [(table, page) for table, page in found.pages if table in _PAGES_OF]
    if not pages:
        return
    program, machine = _OWN
    connection.execute(
        "INSERT INTO dsns (key, program, machine, made_at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (program, machine) DO NOTHING",
        (secrets.token_hex(16), program, machine, at),
    )
    connection.executemany(
        "INSERT INTO raw (received_at, kind, dsn, encoding, body, state, error) "
        "SELECT ?, 'sentry', id, '', ?, 'quarantined', ? FROM dsns "
        "WHERE program = ? AND machine = ?",
        [
            (at, page, f"a damaged page of the table {table}, as it is", program, machine)
            for table, page in pages
        ],
    )


def _problems(connection: sqlite3.Connection, found: Rescued, at: str) -> None:
    """A lost problem is found again by its reports, and counted by where it was seen."""
    names = _named(found, "sqlite_autoindex_problems_1")
    missing = {
        row[0]
        for table in ("reports", "problem_seen")
        for row in connection.execute(
            f"SELECT DISTINCT problem FROM {table} "  # noqa: S608 - our own words
            "WHERE problem NOT IN (SELECT id FROM problems)"
        )
    }
    for number in sorted(missing | set(names)):
        here = connection.execute("SELECT 1 FROM problems WHERE id = ?", (number,)).fetchone()
        if here is None:
            _problem(connection, number, names.get(number), at)


def _problem(connection: sqlite3.Connection, number: int, name: Any, at: str) -> None:
    grouping, row = next(_groupings(connection, number), (None, None))
    program, fingerprint = name or (
        row["program"] if row else "lost",
        grouping.fingerprint if grouping else f"lost-{number}",
    )
    seen = connection.execute(
        "SELECT coalesce(sum(count), 0), min(first_seen), max(last_seen) FROM problem_seen "
        "WHERE problem = ?",
        (number,),
    ).fetchone()
    reports = connection.execute(
        "SELECT count(*), min(received_at), max(received_at) FROM reports WHERE problem = ?",
        (number,),
    ).fetchone()
    lost = "lost when the disk was damaged"
    connection.execute(
        "INSERT OR IGNORE INTO problems (id, fingerprint, grouper, program, type, title, place, "
        "level, count, first_seen, last_seen, since_release, parts) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'error', ?, ?, ?, ?, ?)",
        (
            number,
            fingerprint,
            grouping.grouper if grouping else "",
            program,
            one_line(grouping.type if grouping else lost),
            one_line(grouping.title if grouping else lost),
            one_line(grouping.place if grouping else ""),
            max(seen[0], reports[0]),
            seen[1] or reports[1] or at,
            seen[2] or reports[2] or at,
            row["release"] if row else "",
            json.dumps([p[:500] for p in grouping.parts], ensure_ascii=False) if grouping else "[]",
        ),
    )


def _groupings(connection: sqlite3.Connection, number: int) -> Iterator[tuple[Any, sqlite3.Row]]:
    """How the problem's reports are grouped, those that can still be read."""
    for row in connection.execute(
        "SELECT r.event, r.release, d.program FROM reports r JOIN dsns d ON d.id = r.dsn "
        "WHERE r.problem = ? AND r.event IS NOT NULL ORDER BY r.id",
        (number,),
    ).fetchall():
        try:
            yield group(with_trace(json.loads(row["event"]))), row
        except Exception:  # noqa: BLE001, S112 - damaged as well, perhaps; the next one may tell
            continue


def _bundles(connection: sqlite3.Connection, at: str) -> None:
    """Numbers never go back, and what a lost bundle told goes again."""
    last, sha256 = last_remembered(connection)
    told = [
        row[0]
        for table in ("reports", "raw", "receipts", "refusals", "alarms")
        for row in connection.execute(
            f"SELECT DISTINCT bundle FROM {table} "  # noqa: S608 - our own words
            "WHERE bundle > 0 AND bundle NOT IN (SELECT sequence FROM bundles)"
        )
    ]
    highest = connection.execute("SELECT coalesce(max(sequence), 0) FROM bundles").fetchone()[0]
    lost = {one for one in told if one <= max(highest, last)}
    if last > highest:
        lost.add(last)
    for sequence in sorted(lost):
        connection.execute(
            "INSERT INTO bundles (sequence, reason, created_at, sha256, message_id, size, summary, "
            "next_try_at, perhaps_out) VALUES (?, 'scheduled', ?, ?, '', 0, ?, ?, 1)",
            (sequence, at, sha256 if sequence == last else "", _summary(at), at),
        )
    if lost:
        tell_again(connection, sorted(lost), at)
    remember_last(connection)


def _summary(at: str) -> str:
    """What pages read of a bundle's manifest."""
    lists: dict[str, Any] = {"problems": [], "reports": [], "refusals": [], "clients": []}
    counts = {"dropped": {}, "scrubbed": {}, "totals": {"reports": 0, "problems": 0}}
    return json.dumps(lists | counts | {"created": at})
