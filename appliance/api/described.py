"""The REST interface's description, with the headers that whole kinds of operations share.

They are asked for before the views (`appliance.api.v1.gate`, `appliance.api.v1.tags`), so no view's
signature tells of them.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

from flask_openapi3 import OpenAPI

# What agents note beside the conversation while they speak: the last word counts.
_LAST_WORD_COUNTS = frozenset({"/api/v1/desk/cards/{conversation}"})
# A removal that would take away what another one has just written anew.
_READ_BEFORE = frozenset({"/api/v1/canned/{canned}"})

_IF_MATCH = {
    "name": "If-Match", "in": "header", "required": True, "schema": {"type": "string"},
    "description": "The `etag` that was read, in quotes: 412 when it was changed since, 428 "
    "without it. `*`: whatever it is now.",
}  # fmt: skip
_ONCE = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
    "description": "A new one for each creation. The same again, because no answer came, answers "
    "what the first one did and makes nothing.",
}  # fmt: skip


def description_of(application: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = copy.deepcopy(application.api_doc)
    for path, item in document["paths"].items():
        for method, operation in item.items():
            headers = list(_headers(path, method, operation))
            if headers:
                operation["parameters"] = [*operation.get("parameters", ()), *headers]
    return document


def _headers(path: str, method: str, operation: dict[str, Any]) -> Iterator[dict[str, Any]]:
    reads = method == "patch" and path not in _LAST_WORD_COUNTS
    if reads or (method == "delete" and path in _READ_BEFORE):
        yield _IF_MATCH
    # Whoever signs in begins a session of a program, and another one with each try.
    if method == "post" and "201" in operation["responses"] and path != "/api/v1/tokens":
        yield _ONCE
