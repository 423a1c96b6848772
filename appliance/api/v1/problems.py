"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from flask import Response, json
from flask_openapi3 import APIBlueprint
from pydantic import BaseModel, Field, ValidationError
from werkzeug.exceptions import HTTPException

from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.work import UnknownError
from appliance.services.answer_offer import OfferGoneError
from appliance.services.say_message import NotSayableError, NotYoursError
from common.errors import OperatorError

MEDIA_TYPE = "application/problem+json"

# Which of the domain's refusals is which status; the kind is stable, for programs.
_STATUS: tuple[tuple[type[Exception], HTTPStatus, str], ...] = (
    (UnknownError, HTTPStatus.NOT_FOUND, "unknown"),
    (IllegalTransitionError, HTTPStatus.CONFLICT, "illegal-transition"),
    (OfferGoneError, HTTPStatus.CONFLICT, "offer-gone"),
    (NotYoursError, HTTPStatus.FORBIDDEN, "not-yours"),
    (NotSayableError, HTTPStatus.UNPROCESSABLE_ENTITY, "not-sayable"),
    (OperatorError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    (ValueError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
)


class Problem(BaseModel):
    """Why something was refused."""

    type: str = Field(description="A stable name, such as `illegal-transition`.")
    title: str
    status: int
    detail: str = Field(description="One sentence for people.")
    errors: list[dict[str, str]] = Field(
        default_factory=list, description="For a body or a parameter: `where` and `what`."
    )


def problem(status: HTTPStatus, kind: str, detail: str, **more: object) -> Response:
    """The answer."""
    body = {"type": kind, "title": status.phrase, "status": int(status), "detail": detail, **more}
    return Response(json.dumps(body), int(status), content_type=MEDIA_TYPE)


def told_to_programs(status: int, kind: str, sentence: str) -> Response:
    """An error that no view of the interface knew of: no such address, not signed in, a bug."""
    return problem(HTTPStatus(status), kind.replace(" ", "-"), sentence)


def not_valid(error: ValidationError) -> Response:
    """A parameter or body that is not of the described shape."""
    errors = [
        {"where": ".".join(str(part) for part in one["loc"]) or "body", "what": one["msg"]}
        for one in error.errors(include_url=False, include_context=False, include_input=False)
    ]
    told = "; ".join(f"{one['where']}: {one['what']}" for one in errors[:5])
    return problem(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"The request is not as described: {told}.",
        errors=errors,
    )  # fmt: skip


def answer_problems(blueprint: APIBlueprint) -> None:
    """Answer the domain's refusals, and the web's, as problems."""

    def handler(status: HTTPStatus, kind: str) -> Callable[[Exception], Response]:
        return lambda error: problem(status, kind, f"{str(error).rstrip('.')}.")

    for family, status, kind in _STATUS:
        blueprint.register_error_handler(family, handler(status, kind))

    def http(error: HTTPException) -> Response:
        status = HTTPStatus(error.code or 500)
        return problem(status, status.phrase.lower().replace(" ", "-"), error.description or "")

    blueprint.register_error_handler(HTTPException, http)
