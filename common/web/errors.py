"""Errors at the web edge: JSON for programs, a page for people; the only place that does it."""

from __future__ import annotations

from flask import Flask, Response, jsonify, make_response, render_template, request
from werkzeug.exceptions import HTTPException

from common.errors import CallsteadError, NetworkError, OperatorError, RefusedError, RemoteError
from common.logs import get_logger
from common.web.texts import Texts

log = get_logger(__name__)

# Whoever asks below these is a program.
JSON_PREFIXES = ("/api/", "/client/", "/join", "/releases/", "/acks/", "/healthz")

_STATUS: tuple[tuple[type[CallsteadError], int, str], ...] = (
    (OperatorError, 400, "operator"),
    (NetworkError, 503, "network"),
    (RemoteError, 502, "remote"),
    (CallsteadError, 500, "failed"),
)


def add_error_pages(flask: Flask, texts: Texts) -> None:
    """Answer every error of ``flask`` in words.

    Programs get ``{"error": kind, "message": sentence}``. A bug is logged by Flask as ever, and
    its text is not shown.
    """

    def expected(error: CallsteadError) -> Response:
        status, kind = _classify(error)
        log.info("web.refused", path=request.path, status=status, kind=kind, reason=str(error))
        return _answer(status, kind, str(error))

    def http(error: HTTPException) -> Response:
        if error.response is not None:  # a redirect, or an answer made with abort(response)
            return make_response(error.response)
        status = error.code or 500
        key = f"error.{status}"
        text = texts.t(key)
        sentence = texts.t("error.other", status=status) if text == key else text
        answer = _answer(status, (error.name or "error").lower(), sentence)
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after", "content-range"}:
                answer.headers[name] = value
        return answer

    flask.register_error_handler(CallsteadError, expected)
    flask.register_error_handler(HTTPException, http)


def wants_json() -> bool:
    """Whether the asker of this request is a program."""
    if request.path.startswith(JSON_PREFIXES) or request.is_json:
        return True
    accept = request.accept_mimetypes
    best = accept.best_match(["text/html", "application/json"], "text/html")
    return best == "application/json" and accept[best] > accept["text/html"]


def _classify(error: CallsteadError) -> tuple[int, str]:
    if isinstance(error, RefusedError):
        return 403, error.kind
    return next((status, kind) for family, status, kind in _STATUS if isinstance(error, family))


def _answer(status: int, kind: str, sentence: str) -> Response:
    if wants_json():
        answer = jsonify(error=kind, message=sentence)
        answer.headers["Cache-Control"] = "no-store"
    else:
        page = render_template("web/error.html", status=status, sentence=sentence)
        answer = make_response(page)
    answer.status_code = status
    return answer
