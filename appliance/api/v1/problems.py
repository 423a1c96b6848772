"""Errors as ``application/problem+json`` (RFC 9457)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from flask import Response, json
from flask_openapi3 import APIBlueprint
from pydantic import Field, ValidationError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge, TooManyRequests

from appliance.api.v1.shape import Shape
from appliance.domain.attachment import NotTakenError
from appliance.domain.blocklist import BlockedError, TooOftenError
from appliance.domain.names import WrongInputError
from appliance.domain.refusals import (
    KINDS,
    WEB_KINDS,
    AlreadyThereError,
    ConflictError,
    ForbiddenError,
    RefusalError,
)
from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.work import BusyError, UnknownError
from appliance.services.answer_offer import OfferGoneError
from appliance.services.trouble import NotSayableError, NotYoursError
from common.errors import OperatorError
from common.web.csrf import StaleFormError

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
    (ForbiddenError, HTTPStatus.FORBIDDEN, "forbidden"),
    (ConflictError, HTTPStatus.CONFLICT, "conflict"),
    (AlreadyThereError, HTTPStatus.PRECONDITION_FAILED, "precondition-failed"),
    (OperatorError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    (ValueError, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
)


class FieldProblem(Shape):
    """What is wrong with one field of a body, or one parameter."""

    where: str
    what: str = Field(description="In English.")
    kind: str = Field(description="Pydantic's name for it, such as `string_too_long`, or a kind.")
    parameters: dict[str, Any]


class Problem(Shape):
    """Why something was refused; docs/refusals.md has the kinds."""

    type: str = Field(description="Its family: a stable name, such as `not-sayable`.")
    kind: str = Field(
        description="What it is exactly: a stable name, such as `message-too-long`.",
        json_schema_extra={"enum": [*sorted({*KINDS, *WEB_KINDS})]},
    )
    parameters: dict[str, Any] = Field(description="What its sentence is about; by kind.")
    title: str
    status: int
    detail: str = Field(description="The sentence in English, with the parameters filled in.")
    errors: list[FieldProblem] = Field(
        default_factory=list, description="With `invalid`, and where one input is wrong: each."
    )


Body = dict[str, Any]


def problem(status: HTTPStatus, kind: str, detail: str, **more: object) -> Response:
    """The answer; ``kind`` is one of `WEB_KINDS`."""
    return _response(_body(status, kind, kind, detail, **more))


def refused(status: HTTPStatus, error: RefusalError, family: str = "") -> Response:
    """The answer to a refusal that only one view knows."""
    return _response(_told(status, family or error.kind, error))


def problem_of(error: BaseException) -> Body | None:
    """A refusal as it stands in an answer or a frame; None: it is a fault of ours."""
    if isinstance(error, ValidationError):
        return _invalid(error)
    if isinstance(error, RequestEntityTooLarge):
        error = RequestEntityTooLarge("What was sent is larger than this address takes.")
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.code or 500)
        kind = status.phrase.lower().replace(" ", "-")
        seconds = error.retry_after if isinstance(error, TooManyRequests) else None
        waits = {"seconds": seconds} if seconds else {}
        exact = "csrf" if isinstance(error, StaleFormError) else kind
        return _body(status, kind, exact, error.description or "", parameters=waits)
    for family, status, kind in _STATUS:
        if isinstance(error, family):
            if isinstance(error, RefusalError):
                return _told(status, kind, error)
            return _body(status, kind, kind, f"{str(error).rstrip('.')}.")
    return None


def told_to_programs(status: int, kind: str, sentence: str) -> Response:
    """An error that no view of the interface knew of: no such address, not signed in, a bug."""
    name = kind.replace(" ", "-")
    exact = name if name in WEB_KINDS else "failed"
    return _response(_body(HTTPStatus(status), name, exact, sentence))


def not_valid(error: ValidationError) -> Response:
    """A parameter or body that is not of the described shape."""
    return _response(_invalid(error))


def _body(
    status: HTTPStatus, family: str, kind: str, detail: str, **more: object
) -> Body:  # fmt: skip
    return {
        "type": family, "kind": kind, "parameters": {}, "title": status.phrase,
        "status": int(status), "detail": detail, **more,
    }  # fmt: skip


def _told(status: HTTPStatus, family: str, error: RefusalError) -> Body:
    more: dict[str, object] = {}
    if isinstance(error, WrongInputError):
        wrong = {"where": error.where, "what": str(error), "kind": error.kind}
        more = {"errors": [{**wrong, "parameters": error.parameters}]}
    return _body(
        status, family, error.kind, f"{str(error).rstrip('.')}.", parameters=error.parameters,
        **more,
    )  # fmt: skip


def _response(body: Body) -> Response:
    return Response(json.dumps(body), int(body["status"]), content_type=MEDIA_TYPE)


def _invalid(error: ValidationError) -> Body:
    errors = [
        {"where": ".".join(str(part) for part in one["loc"]) or "body", "what": one["msg"]}
        | _exactly(one)
        for one in error.errors(include_url=False, include_input=False)
    ]
    told = "; ".join(f"{one['where']}: {one['what']}" for one in errors[:5])
    return _body(
        HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", "invalid",
        f"The request is not as described: {told}.", errors=errors,
    )  # fmt: skip


def _exactly(one: Mapping[str, Any]) -> dict[str, Any]:
    """What is wrong with a field, for programs."""
    context = one.get("ctx", {})
    ours = context.get("error")
    if isinstance(ours, RefusalError):
        return {"kind": ours.kind, "parameters": ours.parameters}
    plain = {k: v for k, v in context.items() if isinstance(v, str | int | float)}
    return {"kind": one["type"], "parameters": plain}


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
