"""``Idempotency-Key``: a creation whose answer got lost is sent again and not done again."""

from __future__ import annotations

import hashlib
from http import HTTPStatus

from flask import Response, current_app, g, request
from werkzeug.exceptions import BadRequest

from appliance.api.v1.problems import refused
from appliance.domain.kept import KeptAnswers
from appliance.domain.refusals import RefusalError

_HEADER = "Idempotency-Key"
_EXTENSION = "callstead-kept-answers"
_MOST = 100


def keep_answers(application: object, kept: KeptAnswers) -> None:
    """Give the application somewhere to keep them."""
    application.extensions[_EXTENSION] = kept  # type: ignore[attr-defined]


def answered_before(scope: str) -> Response | None:
    """The answer that a POST with this key had, or None: go on.

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
    if found is None:
        g.kept_answer = (scope, key)
        return None
    if found.asked != asked:
        return refused(HTTPStatus.UNPROCESSABLE_ENTITY, RefusalError("key-used"))
    if not found.status:
        return refused(HTTPStatus.CONFLICT, RefusalError("not-ended"))
    answer = Response(found.answer, found.status, content_type="application/json")
    answer.headers["Idempotent-Replayed"] = "true"
    return answer


def remember_answer(response: Response) -> Response:
    """Keep the answer of a creation that was begun; what was refused may be tried again."""
    begun = g.pop("kept_answer", None)
    if begun is not None:
        if response.status_code < HTTPStatus.BAD_REQUEST:
            scope, key = begun
            _kept().keep(scope, key, response.status_code, response.get_data(as_text=True))
        elif response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
            _kept().give_up(*begun)
    return response


def _kept() -> KeptAnswers:
    found: KeptAnswers = current_app.extensions[_EXTENSION]
    return found
