"""What may stand in a request's body and address, looked at before any view."""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Iterable
from functools import cache
from typing import Any

from flask import request
from flask_openapi3 import OpenAPI
from werkzeug.exceptions import BadRequest, RequestEntityTooLarge, UnsupportedMediaType

_JSON = "application/json"
_FORM = "application/x-www-form-urlencoded"
_PREFIX = "/api/v1/"
_LARGEST = 2**63 - 1  # what the database can keep as a number
_DEEPEST = 32
_HALVES = re.compile("[\ud800-\udfff]")  # of characters beyond the first 65,536
_CONVERTED = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")


def described_path(rule: str) -> str:
    """How the description calls a rule of Flask's: ``/queues/{queue}``."""
    return _CONVERTED.sub(r"{\1}", rule)


def check_bodies(application: OpenAPI) -> None:
    """Refuse what no view could read: 415 another type, 400 what is no JSON, or no text."""

    @cache
    def wants_json(rule: str, method: str) -> bool:
        path = application.api_doc["paths"].get(described_path(rule), {})
        content = path.get(method.lower(), {}).get("requestBody", {}).get("content", {})
        return list(content) == [_JSON]

    @application.before_request
    def _refuse_nul() -> None:
        fields = [*request.args.items(multi=True)]
        if request.mimetype == _FORM:
            fields += request.form.items(multi=True)
        if any("\0" in text for text in (request.path, *itertools.chain(*fields))):
            raise BadRequest("The address or the form has a character that is none.")

    @application.before_request
    def _check() -> None:
        rule = request.url_rule
        if rule is None or not rule.rule.startswith(_PREFIX):
            return
        if not wants_json(rule.rule, request.method):
            return
        if request.mimetype != _JSON:
            raise UnsupportedMediaType(
                f"This address takes JSON: send it with `Content-Type: {_JSON}`."
            )
        body = request.get_data()
        # Of one without a length, as much is read as is taken, without a word.
        if request.content_length is None and len(body) == request.max_content_length:
            raise RequestEntityTooLarge
        try:
            refuse_unkeepable(json.loads(body, parse_constant=_no_constant))
        except (ValueError, RecursionError) as error:
            raise BadRequest(f"The body is not JSON that can be kept: {error}.") from error


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no number")


def refuse_unkeepable(value: Any, depth: int = 0) -> None:
    """Raises ValueError for what JSON can say and no database can keep."""
    if depth > _DEEPEST:
        raise ValueError(f"it is nested more than {_DEEPEST} deep")
    if isinstance(value, str):
        if "\0" in value or _HALVES.search(value):
            raise ValueError("a text has a character that is none")
    elif isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError("a number is too large")
    elif isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError("a number is too large")
    elif isinstance(value, dict):
        _refuse_any(value, depth)
        _refuse_any(value.values(), depth + 1)
    elif isinstance(value, list):
        _refuse_any(value, depth + 1)


def _refuse_any(values: Iterable[Any], depth: int) -> None:
    for one in values:  # most are plain texts, which is known at a glance
        if not (isinstance(one, str) and one.isascii() and "\0" not in one):
            refuse_unkeepable(one, depth)
