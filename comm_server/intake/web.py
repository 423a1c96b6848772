"""The web edge of every intake: check the key, store the bytes, answer after the commit.

Official SDKs throw away what is answered with 5xx, 413 or 429 and try again only when the
connection fails. So a report that could not be stored gets no answer at all: the connection is
closed, and the report is still the sender's.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Flask, Response, abort, jsonify, request

from comm_server.dsns import dsn_matches
from comm_server.intake import KINDS
from comm_server.intake.expand import ENCODINGS, head
from comm_server.intake.interface import Intake
from comm_server.settings import IntakeSettings
from common.clock import Clock, stamp
from common.logs import get_logger
from common.serving import hang_up
from common.spool import Store

log = get_logger(__name__)
_INSERT = "INSERT INTO raw (received_at, kind, dsn, encoding, body) VALUES (?, ?, ?, ?, ?)"
_FIRST = 64 * 1024  # bytes that a stranger may make us read before the key is known
_CORS = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, OPTIONS",
    "Access-Control-Allow-Headers": "X-Sentry-Auth, Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}


def add_routes(
    app: Flask, store: Store, settings: Callable[[], IntakeSettings], clock: Clock
) -> None:
    """Mount every kind of intake on ``app``."""
    blueprint = Blueprint("intake", __name__)
    for intake in KINDS.values():
        view = _view(intake, store, settings, clock)
        for number, path in enumerate(intake.paths):
            blueprint.add_url_rule(
                path, f"{intake.kind}_{number}", view, methods=["POST", "OPTIONS"]
            )
    app.register_blueprint(blueprint)


def _view(
    intake: Intake, store: Store, settings: Callable[[], IntakeSettings], clock: Clock
) -> Callable[[int], Response]:
    def receive(dsn: int) -> Response:
        if request.method == "OPTIONS":
            return _answer({}, 200)
        encoding = request.headers.get("Content-Encoding", "").strip().lower()
        if encoding not in ENCODINGS:
            return _answer({"detail": f"Content-Encoding {encoding!r} is not supported."}, 415)
        most = settings().most_compressed
        # One more than is taken: of a body without a length, werkzeug reads up to its limit and
        # drops the rest without a word.
        request.max_content_length = most + 1
        first = request.stream.read(_FIRST)
        start = head(first, encoding)
        key = intake.key_of(request.headers.get, request.args.get, start)
        if key is None or not dsn_matches(store, dsn, key):
            return _answer({"detail": "Unknown DSN. Take it from `callstead comm dsn`."}, 403)
        body = first + request.stream.read()
        if len(body) > most:
            abort(413)
        row = (stamp(clock.now()), intake.kind, dsn, encoding, body)
        try:
            raw = store.write(lambda connection: connection.execute(_INSERT, row).lastrowid)
        except Exception:  # whatever kept it from the disk, the sender must keep it
            log.exception("report.not_stored", kind=intake.kind, dsn_id=dsn, bytes=len(body))
            return hang_up()
        log.info("report.accepted", raw=raw, kind=intake.kind, dsn_id=dsn, bytes=len(body))
        return _answer(intake.answer(start), 200)

    return receive


def _answer(value: dict[str, Any], status: int) -> Response:
    response = jsonify(value)
    response.status_code = status
    response.headers.update(_CORS)
    return response
