"""Takes log lines from clients, each exactly once, and makes reports of those that are errors.

A client numbers its lines within its ring; the highest number that was committed is remembered
with the lines, in one transaction, and answered. What is not above it was kept before.
"""

from __future__ import annotations

import hashlib
import json
import re
import sqlite3
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from flask import Flask, Response, g, jsonify, request

from comm_server import raw
from comm_server.dsns import ensure_dsn
from comm_server.fleet.clocks import skew_of
from comm_server.fleet.web import ClientDoor, guard
from comm_server.intake.expand import expand
from comm_server.intake.interface import PoisonError
from comm_server.intake.logs import MARK
from comm_server.log_lines import LogLine, keep_lines
from comm_server.settings import LogSettings
from comm_server.tallies import tally
from common.clock import Clock, parse_stamp, stamp
from common.errors import RefusedError
from common.logs import get_logger
from common.spool import Row, Store

log = get_logger(__name__)
_LOST = "log lines that a client had no room for"
_MOST_SENT = 2**20
_MOST_EXPANDED = 8 * 2**20
_MOST_LINES = 1000
_RING = re.compile(r"[0-9a-f]{16}")
_PROGRAM = re.compile(r"[a-z][a-z0-9_-]{0,39}")
_LEVELS = frozenset({"fatal", "error", "warning", "info", "debug"})


def add_routes(
    app: Flask,
    door: ClientDoor,
    settings: Callable[[], LogSettings],
    taking: Callable[[], bool] = lambda: True,
) -> None:
    """Mount ``POST /client/logs``; while nothing is taken, lines stay with the clients."""

    @app.post("/client/logs", endpoint="client_logs")
    @guard(door.fleet)
    def logs() -> Response:
        if not taking():
            return Response(status=503)
        request.max_content_length = _MOST_SENT
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        try:
            batch = json.loads(expand(request.get_data(), encoding, _MOST_EXPANDED))
        except (PoisonError, ValueError, RecursionError) as error:
            raise RefusedError("body", f"The batch of lines cannot be read: {error}.") from error
        return jsonify(accepted=take(door.store, door.clock, g.client, batch, settings()))


def take(store: Store, clock: Clock, client: Row, batch: Any, settings: LogSettings) -> int:
    """Keep what is new of ``batch``; the highest number that is committed.

    Raises RefusedError when the batch is none; then nothing of it is kept.
    """
    now = clock.now()
    ring, lines, lost = _checked(batch)
    skew = skew_of(batch.get("now"), now) or timedelta(0)
    machine = client["name"]
    dsns = {
        name: ensure_dsn(store, name, machine, clock)[0]
        for name in sorted({one["program"] for one in lines if one["error"]})
    }

    def work(connection: sqlite3.Connection) -> int:
        known = connection.execute(
            "SELECT accepted FROM log_cursors WHERE client = ? AND ring = ?",
            (client["client"], ring),
        ).fetchone()
        accepted = known[0] if known else 0
        new = [one for one in lines if one["seq"] > accepted]
        for one in new:
            one["at"] = _corrected(one["at"], skew, now)
        keep_lines(
            connection,
            [LogLine(machine, x["program"], x["at"], x["level"], x["line"]) for x in new],
            settings,
            stamp(now),
        )
        for one in new:
            if one["error"] and _tells(connection, dsns[one["program"]], one["level"]):
                _report(connection, dsns[one["program"]], ring, one, stamp(now))
        if new:
            accepted = max(one["seq"] for one in new)
            connection.execute(
                "INSERT INTO log_cursors VALUES (?, ?, ?) "
                "ON CONFLICT DO UPDATE SET accepted = excluded.accepted",
                (client["client"], ring, accepted),
            )
            tally(connection, "dropped", Counter({_LOST: lost} if lost else {}))
        return int(accepted)

    accepted = store.write(work)
    log.info("logs.accepted", client=client["client"], lines=len(lines), accepted=accepted)
    return accepted


def _checked(batch: Any) -> tuple[str, list[dict[str, Any]], int]:
    ring = batch.get("ring") if isinstance(batch, dict) else None
    given = batch.get("lines") if isinstance(batch, dict) else None
    if not isinstance(ring, str) or not _RING.fullmatch(ring) or not isinstance(given, list):
        raise RefusedError("body", "A batch of lines is {ring, now, lost, lines}.")
    if len(given) > _MOST_LINES:
        raise RefusedError("body", f"A batch has at most {_MOST_LINES} lines.")
    lost = batch.get("lost")
    lines = sorted((_line(one) for one in given), key=lambda one: one["seq"])
    return ring, lines, lost if isinstance(lost, int) and 0 < lost < 2**40 else 0


def _line(given: Any) -> dict[str, Any]:
    one = given if isinstance(given, dict) else {}
    seq, program, line = one.get("seq"), one.get("program"), one.get("line")
    if (
        not isinstance(seq, int)
        or not 0 < seq < 2**62
        or not isinstance(program, str)
        or not _PROGRAM.fullmatch(program)
        or not isinstance(line, str)
    ):
        raise RefusedError("body", "A line is {seq, at, program, level, line, error}.")
    level = one.get("level")
    return {
        "seq": seq,
        "at": one.get("at"),
        "program": program,
        "level": level if level in _LEVELS else "info",
        "line": line,
        "error": one.get("error") is True,
    }


def _corrected(at: object, skew: timedelta, now: datetime) -> str:
    """In the time of our clock; what is no stamp, or of the future, is of now."""
    try:
        return stamp(min(parse_stamp(str(at)) - skew, now))
    except (ValueError, TypeError, OverflowError):
        return stamp(now)


def _tells(connection: sqlite3.Connection, dsn: int, level: str) -> bool:
    """Whether the line is to be a report.

    A program that has reported by itself is believed to do so again: its errors would be counted
    twice. What it died of may have kept it from reporting, so that is taken from the log anyway.
    """
    own = connection.execute(
        "SELECT EXISTS (SELECT 1 FROM reports WHERE dsn = ? AND event_id < ?) "
        "OR EXISTS (SELECT 1 FROM reports WHERE dsn = ? AND event_id > ?)",
        (dsn, MARK, dsn, MARK + "g"),
    ).fetchone()[0]
    return level == "fatal" or not own


def _report(
    connection: sqlite3.Connection, dsn: int, ring: str, one: dict[str, Any], now: str
) -> None:
    name = hashlib.sha256(f"{ring} {one['seq']}".encode()).hexdigest()
    body = {
        "event_id": (MARK + name)[:32],
        "level": one["level"],
        "at": one["at"],
        "text": one["line"],
    }
    connection.execute(
        raw.INSERT,
        raw.values(
            now, "log", dsn, "", json.dumps(body, ensure_ascii=False).encode("utf-8", "replace")
        ),
    )
