"""From raw bytes to problems: parse, scrub, group, and mark done in one transaction.

Understanding happens outside the transaction and touches nothing; what it found is written
together with the mark on the raw row, so that a kill anywhere leaves the row either untouched
(and it is done again) or done. What cannot be understood is quarantined and mailed raw.
"""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from dataclasses import dataclass
from typing import Any

from comm_server import histogram, problems
from comm_server.fingerprint import with_trace
from comm_server.grouping import Grouping, group
from comm_server.intake import KINDS
from comm_server.intake.expand import expand
from comm_server.intake.interface import Parsed, PoisonError
from comm_server.plain import one_line, well_formed
from comm_server.scrub import scrub
from comm_server.settings import IntakeSettings
from comm_server.tallies import tally
from common.logs import get_logger
from common.spool import Row, Store

log = get_logger(__name__)
_BATCH = 100


@dataclass(frozen=True)
class Digested:
    """One understood event."""

    event: dict[str, Any]
    grouping: Grouping


def digest_some(store: Store, settings: IntakeSettings) -> int:
    """Digest what waits, at most a batch; answers how many raw rows were dealt with."""
    waiting = store.rows("SELECT id FROM raw WHERE state = 'new' ORDER BY id LIMIT ?", (_BATCH,))
    for one in waiting:
        row = store.row(  # one body at a time: each may be as large as `most_compressed`
            "SELECT raw.id, raw.received_at, raw.kind, raw.encoding, raw.body, raw.dsn, "
            "dsns.program, dsns.machine FROM raw JOIN dsns ON dsns.id = raw.dsn "
            "WHERE raw.id = ? AND raw.state = 'new'",
            (one["id"],),
        )
        if row is not None:
            _digest(store, row, settings)
    return len(waiting)


def _digest(store: Store, row: Row, settings: IntakeSettings) -> None:
    try:
        body = expand(row["body"], row["encoding"], settings.most_expanded)
        parsed = KINDS[row["kind"]].parse(body, settings)
        scrubbed: Counter[str] = Counter()
        found = [_understand(event, scrubbed) for event in parsed.events]
        store.write(lambda connection: _record(connection, row, parsed, found, scrubbed, settings))
    except (sqlite3.OperationalError, TimeoutError):
        raise  # the disk is full or slow: the report is not to blame, and is done again
    except PoisonError as error:
        _quarantine(store, row, str(error))
        return
    except Exception as error:  # noqa: BLE001 - whatever a poison report does, it stops nothing
        _quarantine(store, row, f"the digest failed: {error!r}")
        return
    log.info("report.digested", raw=row["id"], events=len(found), program=row["program"])


def _understand(event: dict[str, Any], scrubbed: Counter[str]) -> Digested:
    clean, counts = scrub(event)
    clean = with_trace(well_formed(clean))
    # Hexadecimal digits may look like a card's or a phone's number; the id is checked elsewhere.
    clean["event_id"] = event["event_id"]
    scrubbed.update(counts)
    return Digested(clean, group(clean))


def _record(
    connection: sqlite3.Connection,
    row: Row,
    parsed: Parsed,
    found: list[Digested],
    scrubbed: Counter[str],
    settings: IntakeSettings,
) -> None:
    done = connection.execute(
        "UPDATE raw SET state = 'digested', body = NULL WHERE id = ? AND state = 'new'",
        (row["id"],),
    )
    if done.rowcount != 1:  # somebody else was faster
        return
    whole = [_keep(connection, row, one, settings) for one in found]
    # What comes with a report that is only counted, or was here before, is only counted too.
    if parsed.verbatim and (any(whole) or not whole):
        _keep_verbatim(connection, row, parsed, settings.keep_verbatim)
    elif parsed.verbatim:
        tally(connection, "dropped", Counter({"attachments: many alike": 1}))
    for kind, counts in (
        ("scrubbed", scrubbed),
        ("dropped", parsed.lost),
        ("ignored", parsed.ignored),
    ):
        tally(connection, kind, counts)


def _keep(
    connection: sqlite3.Connection, row: Row, one: Digested, settings: IntakeSettings
) -> bool:
    """Count one event; answers whether it is kept whole."""
    twin = connection.execute(
        "UPDATE reports SET copies = copies + 1 WHERE dsn = ? AND event_id = ?",
        (row["dsn"], one.event["event_id"]),
    )
    if twin.rowcount:  # the client sent it again because our answer was lost
        return False
    release = one_line(one.event.get("release") or "")
    problem = problems.count(
        connection,
        one.grouping,
        program=row["program"],
        machine=row["machine"],
        release=release,
        level=level_of(one.event),
        seen_at=row["received_at"],
    )
    histogram.count(connection, problem, row["received_at"])
    whole = _telling(connection, problem, release, settings)
    if not whole:
        tally(connection, "dropped", Counter({"counted only: many alike": 1}))
    added = connection.execute(
        "INSERT INTO reports (dsn, event_id, problem, received_at, release, machine, event, "
        "copies, bundle) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (
            row["dsn"],
            one.event["event_id"],
            problem,
            row["received_at"],
            release,
            row["machine"],
            json.dumps(one.event, ensure_ascii=False) if whole else None,
            # No bundle is 0: it waits for none, and counting those that wait stays quick.
            None if whole else 0,
        ),
    ).lastrowid
    # A storm must not wait for the hourly tidying: the oldest id goes when a new one comes.
    connection.execute(
        "DELETE FROM reports INDEXED BY reports_ids WHERE event IS NULL AND id <= ?",
        ((added or 0) - settings.keep_ids,),
    )
    return whole


def _telling(
    connection: sqlite3.Connection, problem: int, release: str, settings: IntakeSettings
) -> bool:
    """Whether the report just counted is worth its bytes: an early one, or a sample."""
    count = connection.execute("SELECT count FROM problems WHERE id = ?", (problem,)).fetchone()[0]
    if count > settings.keep_first and count & (count - 1):  # no power of two
        seen = connection.execute(
            "SELECT count FROM problem_seen WHERE problem = ? AND release = ? LIMIT 2",
            (problem, release),
        ).fetchall()
        if [one[0] for one in seen] != [1]:  # nor the first of its release
            return False
    waiting = connection.execute(
        "SELECT count(*) FROM reports WHERE problem = ? AND bundle IS NULL AND event IS NOT NULL",
        (problem,),
    ).fetchone()[0]
    return bool(waiting < settings.keep_per_problem)


def _keep_verbatim(connection: sqlite3.Connection, row: Row, parsed: Parsed, most: int) -> None:
    """Leave in the raw row what nobody here understands; it goes home as it came."""
    waiting = connection.execute(
        "SELECT count(*) FROM raw WHERE state = 'quarantined' AND bundle IS NULL AND dsn = ?",
        (row["dsn"],),
    ).fetchone()[0]
    if waiting >= most:
        tally(connection, "dropped", Counter({"items kept as sent: too many wait": 1}))
        return
    connection.execute(
        "UPDATE raw SET state = 'quarantined', error = ?, encoding = '', body = ? WHERE id = ?",
        (one_line(parsed.why, 500), parsed.verbatim, row["id"]),
    )


def level_of(event: dict[str, Any]) -> str:
    """``fatal`` when the program died of it, else what the event says."""
    holder = event.get("exception")
    values = holder.get("values") if isinstance(holder, dict) else None
    last = values[-1] if isinstance(values, list) and values else None
    mechanism = last.get("mechanism") if isinstance(last, dict) else None
    if (
        isinstance(mechanism, dict)
        and mechanism.get("type") == "excepthook"
        and mechanism.get("handled") is False
    ):
        return "fatal"
    return one_line(event.get("level") or "error", 20)


def _quarantine(store: Store, row: Row, reason: str) -> None:
    store.execute(
        "UPDATE raw SET state = 'quarantined', error = ? WHERE id = ? AND state = 'new'",
        (one_line(reason, 500), row["id"]),
    )
    log.warning("report.quarantined", raw=row["id"], reason=reason, program=row["program"])
