"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import math
from http import HTTPStatus
from typing import Any

from flask import Response, json
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from appliance.domain.attachment import NotTakenError
from appliance.domain.blocklist import BlockedError, TooOftenError
from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.work import BusyError, UnknownError
from appliance.services.answer_offer import OfferGoneError
from appliance.services.trouble import NotSayableError, NotYoursError
from common.errors import OperatorError

MEDIA_TYPE = "application/problem+json"

# Which of the domain's refusals is which status; the kind is stable, for programs.
_STATUS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (BusyError, HTTPStatus.SERVICE_UNAVAILABLE, "busy"),
    (UnknownError, HTTPStatus.NOT_FOUND, "unknown"),
    (IllegalTransitionError, HTTPStatus.CONFLICT, "illegal-transition"),
    (OfferGoneError, HTTPStatus.CONFLICT, "offer-gone"),
    (BlockedError, HTTPStatus.FORBIDDEN, "blocked"),
    (TooOftenError, HTTPStatus.TOO_MANY_REQUESTS, "too-often"),
    (NotYoursError, HTTPStatus.FORBIDDEN, "not-yours"),
    (NotSayableError, HTTPStatus.UNPROCESSABLE_ENTITY, "not-sayable"),
    (NotTakenError, HTTPStatus.UNPROCESSABLE_ENTITY, "not-taken"),
    (OperatorError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    (ValueError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
)


class Problem(BaseModel):
    """Why something was refused."""

    type: str = Field(description="A stable name, such as `illegal-transition`.")
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    reason: str = Field("", description="A stable word for what is wrong; often empty.")
    errors: list[dict[str, str]] = Field(
        default_factory=list, description="For a body or a parameter: `where` and `what`."
    )


Body = dict[str, Any]


def problem(status: HTTPStatus, kind: str, detail: str, **more: object) -> Response:
    """The answer."""
    return _response(_body(status, kind, detail, **more))


def problem_of(error: BaseException) -> Body | None:
    """A refusal as it stands in an answer or a frame; None: it is a fault of ours."""
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, RequestEntityTooLarge):
        error = RequestEntityTooLarge("What was sent is larger than this address takes.")
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.code or 500)
        return _body(status, status.phrase.lower().replace(" ", "-"), error.description or "")
    for family, status, kind in _STATUS:
        if isinstance(error, family):
            # For programs that tell it in other words, such as the visitor's language.
            reason = getattr(error, "kind", "")
            more = {"reason": reason} if isinstance(reason, str) and reason else {}
            return _body(status, kind, f"{str(error).rstrip('.')}.", **more)
    return None


def told_to_programs(status: int, kind: str, sentence: str) -> Response:
    """An error that no view of the interface knew of: no such address, not signed in, a bug."""
    return problem(HTTPStatus(status), kind.replace(" ", "-"), sentence)


def not_valid(error: ValidationError) -> Response:
    """A parameter or body that is not of the described shape."""
    return _response(_invalid(error))


def _body(status: HTTPStatus, kind: str, detail: str, **more: object) -> Body:
    return {"type": kind, "title": status.phrase, "status": int(status), "detail": detail, **more}


def _response(body: Body) -> Response:
    return Response(json.dumps(body), int(body["status"]), content_type=MEDIA_TYPE)


def _invalid(error: ValidationError) -> Body:
    errors = [
        {"where": ".".join(str(part) for part in one["loc"]) or "body", "what": one["msg"]}
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    told = "; ".join(f"{one['where']}: {one['what']}" for one in errors[:5])
    return _body(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"The request is not as described: {told}.",
        errors=errors,
    )  # fmt: skip


def answer_problems(blueprint: APIBlueprint) -> None:
    """Answer the domain's refusals, and the web's, as problems."""

    def answer(error: Exception) -> Response:
        body = problem_of(error)
        assert body is not None  # noqa: S101 - registered for what it knows alone
        told = _response(body)
        if isinstance(error, TooOftenError):
            told.headers["Retry-After"] = str(math.ceil(error.seconds))
        headers = error.get_headers() if isinstance(error, HTTPException) else ()
        for name, value in headers:
            if name.lower() in {"allow", "retry-after"}:
                told.headers[name] = value
        return told

    families: list[type[Exception]] = [family for family, _status, _kind in _STATUS]
    for family in [*families, HTTPException]:
        blueprint.register_error_handler(family, answer)
