"""Versions of what can be edited (RFC 9110, section 13): nobody overwrites what they did not see.

Whatever can be edited is shown with its ``etag``, in the JSON and, for one thing alone, in the
header ``ETag``. An edit sends it back as ``If-Match``: 428 without it, 412 when it was
changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import NoReturn

from flask import Response, jsonify, request
from werkzeug.datastructures import ETags
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

ETAG = "The version that this shows; an edit sends it back, in quotes, as `If-Match`."


def etag_of(shape: Mapping[str, object]) -> str:
    """The version of a thing, without quotes: a hash of what is shown of it."""
    seen = {name: value for name, value in shape.items() if name != "etag"}
    text = json.dumps(seen, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def tagged(shape: Mapping[str, object]) -> dict[str, object]:
    """With its version in it."""
    return {**shape, "etag": etag_of(shape)}


def one_answer(shape: Mapping[str, object], status: int = 200) -> Response:
    """One thing as JSON, with its version in the header; 304 when the asker has it already."""
    answer = jsonify(shape)
    answer.status_code = status
    etag = str(shape.get("etag") or etag_of(shape))
    if request.method == "GET" and request.if_none_match.contains_weak(etag):
        answer = Response(status=HTTPStatus.NOT_MODIFIED)
    answer.set_etag(etag)
    return answer


class Precondition:
    """What an edit's ``If-Match`` says; made in the request, asked in the transaction."""

    def __init__(self, wanted: ETags) -> None:
        self._wanted = wanted

    @classmethod
    def here(cls) -> Precondition:
        """Of this request. Raises PreconditionRequired (428) when there is none."""
        if not request.if_match:
            raise PreconditionRequired(
                "An edit needs the header If-Match with the version (etag) that was read; "
                "read it again and send that."
            )
        return cls(request.if_match)

    def check(self, shape: Mapping[str, object]) -> None:
        """Raises PreconditionFailed (412) when ``shape`` is not what the editor saw."""
        if not self._wanted.contains(str(shape.get("etag") or etag_of(shape))):
            changed_since()


def changed_since() -> NoReturn:
    """Somebody else was faster."""
    raise PreconditionFailed(
        "Somebody changed it since it was read. Read it again, and decide again."
    )
