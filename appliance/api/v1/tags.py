"""Versions of what can be edited (RFC 9110, section 13): nobody overwrites what they did not see.

Whatever can be edited is shown with its ``etag``, in the JSON and, for one thing alone, in the
header ``ETag``. An edit or a removal sends it back as ``If-Match``: 428 without it, 412 when it
was changed since. `asks_version` is the one place for it: it hands the view what was sent, which
the view checks in the transaction that changes, and marks it for the description.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import wraps
from http import HTTPStatus
from typing import Any, NoReturn

from flask import Response, jsonify, request
from werkzeug.datastructures import ETags
from werkzeug.exceptions import PreconditionFailed, PreconditionRequired

from appliance.domain.refusals import AlreadyThereError

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
    whole = etag_of(shape)
    etag = str(shape.get("etag") or whole)
    # A version of what is edited alone says nothing of the rest that is shown.
    if request.method == "GET" and etag == whole and request.if_none_match.contains_weak(etag):
        answer = Response(status=HTTPStatus.NOT_MODIFIED)
    answer.set_etag(etag)
    return answer


class Precondition:
    """What an edit's ``If-Match`` says; made in the request, asked in the transaction."""

    def __init__(self, wanted: ETags, *, new: bool = False) -> None:
        """``new``: it must not be there yet."""
        self._wanted, self._new = wanted, new

    @classmethod
    def here(cls, *, may_be_new: bool = False) -> Precondition:
        """Of this request. Raises PreconditionRequired (428) when there is none."""
        if may_be_new and request.if_none_match.star_tag:
            return cls(ETags(), new=True)
        if not request.if_match:
            new = "; `If-None-Match: *` for one that is not there yet" if may_be_new else ""
            raise PreconditionRequired(
                "This needs the header If-Match with the version (etag) that was read; "
                f"read it again and send that{new}."
            )
        return cls(request.if_match)

    def check(self, shape: Mapping[str, object] | None) -> None:
        """Raises PreconditionFailed (412) when ``shape`` is not what the editor saw.

        None: it is not there. Raises AlreadyThereError: it is, and should not be.
        """
        if self._new:
            if shape is not None:
                raise AlreadyThereError
        elif shape is None or not self._wanted.contains(str(shape.get("etag") or etag_of(shape))):
            changed_since()


View = Callable[..., Any]


def asks_version(view: View) -> View:
    """Give a view ``seen``, the request's `Precondition`; 428 without one.

    The view checks it in the transaction that changes something.
    """
    return _asking(view, may_be_new=False)


def asks_version_or_none(view: View) -> View:
    """The same for a PUT, which makes what is not there: with ``If-None-Match: *`` nothing else."""
    return _asking(view, may_be_new=True)


def asked_by(view: View) -> tuple[str, ...]:
    """The headers that say which version a view changes; none: it asks for none."""
    found: tuple[str, ...] = getattr(view, _MARK, ())
    return found


_MARK = "__precondition_headers__"


def _asking(view: View, *, may_be_new: bool) -> View:
    @wraps(view)
    def asked(**given: Any) -> Any:
        return view(**given, seen=Precondition.here(may_be_new=may_be_new))

    setattr(asked, _MARK, ("If-Match", "If-None-Match") if may_be_new else ("If-Match",))
    return asked


def changed_since() -> NoReturn:
    """Somebody else was faster."""
    raise PreconditionFailed(
        "Somebody changed it since it was read. Read it again, and decide again."
    )
