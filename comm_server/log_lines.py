"""Log lines of all the site's machines, so that an error is told with what happened around it.

Whatever brings lines calls `keep_lines` inside its own transaction.
Lines are kept as they came and scrubbed when they leave. They are bounded by age and by bytes;
the oldest go first.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from comm_server.plain import one_line
from comm_server.settings import LogSettings
from common.clock import parse_stamp, stamp

_MOST_LINE = 128 * 1024  # characters; what sends lines has its own, smaller limits
_OVERHEAD = 120  # bytes of a row and its index entries beside the texts


@dataclass(frozen=True)
class LogLine:
    """One record of a log.

    Attributes:
        machine: the name that people give the computer.
        at: stamp, in the time of this server's clock.
        level: ``fatal``, ``error``, ``warning``, ``info`` or ``debug``.
        line: may be several lines, such as a stack trace.
    """

    machine: str
    program: str
    at: str
    level: str
    line: str


def keep_lines(
    connection: sqlite3.Connection, lines: Iterable[LogLine], settings: LogSettings, now: str
) -> int:
    """Keep ``lines`` and let go of what is too old or too much; answers how many were kept.

    Args:
        connection: inside a `Store.write`.
        lines: from one request, datagram or batch.
        settings: the limits in force.
        now: stamp of this moment.
    """
    rows = []
    for one in lines:
        line = one.line[:_MOST_LINE].encode("utf-8", "replace").decode()
        machine, program = one_line(one.machine, 60), one_line(one.program, 60)
        level = one_line(one.level, 20)
        rows.append((machine, program, one.at, level, line, len(line.encode()) + _OVERHEAD, now))
    connection.executemany(
        "INSERT INTO log_lines (machine, program, at, level, line, size, kept_at) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        rows,
    )
    connection.execute("UPDATE log_total SET bytes = bytes + ?", (sum(row[5] for row in rows),))
    prune(connection, settings, now)
    return len(rows)


def prune(connection: sqlite3.Connection, settings: LogSettings, now: str) -> int:
    """Let go of the oldest lines beyond the limits; answers how many."""
    oldest = stamp(parse_stamp(now) - timedelta(days=settings.keep_days))
    held = connection.execute("SELECT bytes FROM log_total").fetchone()[0]
    too_much, gone, last, count = held > settings.keep_bytes, 0, 0, 0
    for row in connection.execute("SELECT id, size, kept_at FROM log_lines ORDER BY id"):
        # Once over the limit, a little more goes, so that not every batch has to delete.
        full = too_much and held - gone > settings.keep_bytes * 0.95
        if not full and row[2] >= oldest:
            break
        gone, last, count = gone + row[1], row[0], count + 1
    if count:
        connection.execute("DELETE FROM log_lines WHERE id <= ?", (last,))
        connection.execute("UPDATE log_total SET bytes = bytes - ?", (gone,))
    return count
