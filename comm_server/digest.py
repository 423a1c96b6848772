"""From raw bytes to problems: parse, scrub, group, and mark done in one transaction.

Understanding happens outside the transaction and touches nothing; what it found is written
together with the mark on the raw row, so that a kill anywhere leaves the row either untouched
(and it is done again) or done. What cannot be understood is quarantined and mailed raw.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from typing import Protocol

from comm_server import histogram, problems
from comm_server.dsns import dsn_of_source
from comm_server.intake.interface import Parsed
from comm_server.plain import one_line
from comm_server.raw import is_whole
from comm_server.scrub import DEFAULT_PHONES, Phones
from comm_server.settings import IntakeSettings
from comm_server.tallies import tally
from comm_server.understanding import Found, Raw, Understood, understand
from common.logs import get_logger
from common.salvage import is_damage
from common.spool import Row, Store

log = get_logger(__name__)
_BATCH = 1000  # ids; between two, the process that understands stands still
_CHUNK = 32  # reports; they share a commit, and the intake waits for it
_CHUNK_BYTES = 256 * 1024
_SECONDS = 60.0  # for one commit


_SELECT = (
    "SELECT raw.id, raw.received_at, raw.kind, raw.encoding, raw.body, raw.sum, raw.dsn, "
    "dsns.program, dsns.machine FROM raw JOIN dsns ON dsns.id = raw.dsn "
    "WHERE raw.id = ? AND raw.state = 'new'"
)


class Reader(Protocol):
    """Whoever understands raw reports; `Understander` does it in another process."""

    def all(
        self, chunks: Iterable[list[Raw]], settings: IntakeSettings, phones: Phones
    ) -> Iterator[list[Understood]]:
        """What each chunk holds, in order."""
        ...


class Here:
    """Understands in this very thread."""

    def all(
        self, chunks: Iterable[list[Raw]], settings: IntakeSettings, phones: Phones
    ) -> Iterator[list[Understood]]:
        """What each chunk holds, in order."""
        for chunk in chunks:
            yield [understand(raw, settings, phones) for raw in chunk]


def digest_some(
    store: Store,
    settings: IntakeSettings,
    phones: Phones = DEFAULT_PHONES,
    reader: Reader | None = None,
    leaving: Callable[[], bool] = lambda: False,
) -> int:
    """Digest what waits, at most a batch, or until ``leaving``; answers how many rows that were."""
    waiting = store.rows("SELECT id FROM raw WHERE state = 'new' ORDER BY id LIMIT ?", (_BATCH,))
    asked: deque[list[Row]] = deque()

    def chunks() -> Iterator[list[Raw]]:
        for rows in _chunks(store, [one["id"] for one in waiting]):
            if leaving():  # what was not begun is begun after the next start
                return
            asked.append(rows)
            yield [Raw(row["kind"], row["encoding"], row.pop("body")) for row in rows]

    for understood in (reader or Here()).all(chunks(), settings, phones):
        _keep_all(store, list(zip(asked.popleft(), understood, strict=True)), settings)
    return len(waiting)


def _chunks(store: Store, ids: list[int]) -> Iterator[list[Row]]:
    """The rows with their bodies, few enough at a time: each may be `most_compressed` large."""
    rows: list[Row] = []
    size = 0
    for one in ids:
        row = store.row(_SELECT, (one,))
        if row is not None and not is_whole(row):
            _quarantine(store, row, "its bytes were damaged on this server's disk")
        elif row is not None:
            rows.append(row)
            size += len(row["body"])
        if len(rows) >= _CHUNK or size >= _CHUNK_BYTES:
            yield rows
            rows, size = [], 0
    if rows:
        yield rows


def _keep_all(store: Store, done: list[tuple[Row, Understood]], settings: IntakeSettings) -> None:
    """Write what was found; all of a chunk share their commits."""
    writing = []
    for row, one in done:
        if not one.poison:
            owners = _owners(store, row, one, settings.most_sources)
            writing.append((row, store.submit(_recording(row, one, owners, settings))))
    for row, one in done:
        if one.poison:
            _quarantine(store, row, one.poison)
    kept = 0
    for row, result in writing:
        try:
            result.result(_SECONDS)
            kept += 1
        except (sqlite3.OperationalError, TimeoutError):
            raise  # the disk is full or slow: the report is not to blame, and is done again
        except Exception as error:
            if is_damage(error):  # the file is: it is mended, and the report is done again
                raise
            # Whatever a poison report does, it stops nothing.
            _quarantine(store, row, f"the digest failed: {error!r}")
    if kept:
        log.info("reports.digested", reports=kept, first=done[0][0]["id"], last=done[-1][0]["id"])


def _owners(store: Store, row: Row, one: Understood, most: int) -> list[Row]:
    """Whose each event is: who sent it, unless it says what program on which machine made it."""
    owners = [row] * len(one.found)
    for at, source in enumerate(one.rest.sources):
        owner = {
            "program": source.program or row["program"],
            "machine": source.machine or row["machine"],
        }
        number = dsn_of_source(store, **owner, most=most, seen_at=row["received_at"])
        if number is not None:
            owners[at] = {**owner, "dsn": number}
    return owners


def _recording(
    row: Row, one: Understood, owners: list[Row], settings: IntakeSettings
) -> Callable[[sqlite3.Connection], None]:
    return lambda connection: _record(connection, row, one, owners, settings)


def _record(
    connection: sqlite3.Connection,
    row: Row,
    one: Understood,
    owners: list[Row],
    settings: IntakeSettings,
) -> None:
    parsed = one.rest
    done = connection.execute(
        "UPDATE raw SET state = 'digested', body = NULL WHERE id = ? AND state = 'new'",
        (row["id"],),
    )
    if done.rowcount != 1:  # somebody else was faster
        return
    at = row["received_at"]
    whole = [
        _keep(connection, owner, at, event, settings)
        for event, owner in zip(one.found, owners, strict=True)
    ]
    # What comes with a report that is only counted, or was here before, is only counted too.
    if parsed.verbatim and (any(whole) or not whole):
        _keep_verbatim(connection, row, parsed, settings.keep_verbatim)
    elif parsed.verbatim:
        tally(connection, "dropped", Counter({"attachments: many alike": 1}))
    for kind, counts in (
        ("scrubbed", one.scrubbed),
        ("dropped", parsed.lost),
        ("ignored", parsed.ignored),
    ):
        tally(connection, kind, counts)


def _keep(
    connection: sqlite3.Connection, owner: Row, at: str, one: Found, settings: IntakeSettings
) -> bool:
    """Count one event, received ``at``; answers whether it is kept whole."""
    twin = connection.execute(
        "UPDATE reports SET copies = copies + 1 WHERE dsn = ? AND event_id = ?",
        (owner["dsn"], one.event_id),
    )
    if twin.rowcount:  # the client sent it again because our answer was lost
        return False
    problem = problems.count(
        connection,
        one.grouping,
        program=owner["program"],
        machine=owner["machine"],
        release=one.release,
        level=one.level,
        seen_at=at,
    )
    histogram.count(connection, problem, at)
    whole = _telling(connection, problem, one.release, settings)
    if not whole:
        tally(connection, "dropped", Counter({"counted only: many alike": 1}))
    added = connection.execute(
        "INSERT INTO reports (dsn, event_id, problem, received_at, release, machine, event, "
        "copies, bundle) VALUES (?, ?, ?, ?, ?, ?, ?, 1, ?)",
        (
            owner["dsn"],
            one.event_id,
            problem,
            at,
            one.release,
            owner["machine"],
            one.text if whole else None,
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


def _quarantine(store: Store, row: Row, reason: str) -> None:
    store.execute(
        "UPDATE raw SET state = 'quarantined', error = ? WHERE id = ? AND state = 'new'",
        (one_line(reason, 500), row["id"]),
    )
    log.warning("report.quarantined", raw=row["id"], reason=reason, program=row["program"])
