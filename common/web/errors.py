"""Errors at the web edge: JSON for programs, a page for people; the only place that does it."""

from __future__ import annotations

from collections.abc import Callable

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


# Programs are told in one language, whatever their user's browser prefers; the kind says the rest.
FOR_PROGRAMS = "en"

# Answers a program: status, a stable kind, a sentence.
ForPrograms = Callable[[int, str, str], Response]


def as_json(status: int, kind: str, sentence: str) -> Response:
    """``{"error": kind, "message": sentence}``."""
    answer = jsonify(error=kind, message=sentence)
    answer.status_code = status
    return answer


def add_error_pages(flask: Flask, texts: Texts, for_programs: ForPrograms = as_json) -> None:
    """Answer every error of ``flask`` in words; programs get what ``for_programs`` makes.

    A bug is logged by Flask as ever, and
    its text is not shown.
    """

    def expected(error: CallsteadError) -> Response:
        status, kind = _classify(error)
        log.info("web.refused", path=request.path, status=status, kind=kind, reason=str(error))
        return answer(status, kind, str(error))

    def answer(status: int, kind: str, sentence: str) -> Response:
        if wants_json():
            made = for_programs(status, kind, sentence)
            made.headers["Cache-Control"] = "no-store"
            return made
        page = render_template("web/error.html", status=status, sentence=sentence)
        return make_response(page, status)

    def http(error: HTTPException) -> Response:
        if error.response is not None:  # a redirect, or an answer made with abort(response)
            return make_response(error.response)
        status = error.code or 500
        key, language = f"error.{status}", FOR_PROGRAMS if wants_json() else None
        text = texts.t(key, language=language)
        if text == key:
            text = texts.t("error.other", language=language, status=status)
        made = answer(status, (error.name or "error").lower(), text)
        for name, value in error.get_headers():
            if name.lower() in {"allow", "retry-after", "content-range"}:
                made.headers[name] = value
        return made

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
