"""``Idempotency-Key``: a creation whose answer got lost is sent again and not done again."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from flask import Response, current_app, g, has_request_context, json, request
from werkzeug.exceptions import BadRequest

from appliance.api.v1.problems import refused
from appliance.domain.kept import MADE, Begun, KeptAnswers
from appliance.domain.refusals import RefusalError

_HEADER = "Idempotency-Key"
_EXTENSION = "callstead-kept-answers"
_EACH_TIME = "__makes_each_time__"
_MOST = 100

Mark = Callable[..., None]  # see `SqlKeptAnswers.mark`
Also = Callable[[Any, Any], None]
Shape = Callable[[Any], dict[str, Any]]
View = Callable[..., Any]


def keep_answers(application: object, kept: KeptAnswers) -> None:
    """Give the application somewhere to keep them."""
    application.extensions[_EXTENSION] = kept  # type: ignore[attr-defined]


def each_time(view: View) -> View:
    """Mark a creation that knows no ``Idempotency-Key``: each request makes another one."""
    setattr(view, _EACH_TIME, True)
    return view


def makes_each_time(view: View) -> bool:
    """Whether it was marked so."""
    return bool(getattr(view, _EACH_TIME, False))


def kept_with(mark: Mark) -> Callable[[], Also | None]:
    """What the database writes with the creation that this thread asks for: that it was made."""

    def here() -> Also | None:
        begun: Begun | None = g.get("kept_answer") if has_request_context() else None
        if begun is None:
            return None
        shape: Shape | None = g.get("kept_shape")

        def also(session: Any, result: Any) -> None:
            if shape is None or result is None:
                mark(session, begun)
            else:
                mark(session, begun, HTTPStatus.CREATED, json.dumps(shape(result)))

        return also

    return here


def answer_is(shape: Shape) -> None:
    """What this request will answer (201), given what its use case answers; kept with it."""
    g.kept_shape = shape


@contextmanager
def apart() -> Iterator[None]:
    """What is written within is not the creation that was asked for, and does not tell of it."""
    begun: Begun | None = g.pop("kept_answer", None) if has_request_context() else None
    try:
        yield
    finally:
        if begun is not None:
            g.kept_answer = begun


def answered_before(scope: str) -> Response | None:
    """The answer that a POST with this key had, or None: go on.

    That it was made is written in its own transaction (`kept_with`), so a program that dies at any
    moment leaves either a creation that is known, or none.

    To be asked once it is known who asks; `remember_answer` is the other half. 422 when the key
    was used for something else, 409 while, or because, the first one has not ended.
    """
    key = request.headers.get(_HEADER, "")
    if request.method != "POST" or not key:
        return None
    if not key.isascii() or not key.isprintable() or len(key) > _MOST:
        raise BadRequest(f"{_HEADER} must be 1 to {_MOST} visible ASCII characters.")
    whole = b"\0".join([request.path.encode(), request.get_data()])
    asked = hashlib.sha256(whole).hexdigest()
    found = _kept().begin(scope, key, asked)
    if isinstance(found, Begun):
        g.kept_answer = found
        return None
    if found.asked != asked:
        return refused(HTTPStatus.UNPROCESSABLE_ENTITY, RefusalError("key-used"))
    if not found.status:
        return refused(HTTPStatus.CONFLICT, RefusalError("not-ended"))
    if found.status == MADE:
        return refused(HTTPStatus.CONFLICT, RefusalError("made-before"))
    answer = Response(found.answer, found.status, content_type="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def remember_answer(response: Response) -> Response:
    """Keep the answer of a creation that was begun; what was refused may be tried again."""
    begun = g.pop("kept_answer", None)
    if begun is not None:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            _kept().keep(
                begun.scope, begun.key, response.status_code, response.get_data(as_text=True)
            )
        elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            _kept().give_up(begun.scope, begun.key)
    return response


def _kept() -> KeptAnswers:
    found: KeptAnswers = current_app.extensions[_EXTENSION]
    return found
