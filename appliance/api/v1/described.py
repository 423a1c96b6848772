"""The REST interface's description, with what whole kinds of operations share.

Headers and permissions are asked for around the views (`appliance.api.v1.again`,
`appliance.api.v1.tags`, `appliance.api.v1.gate`), so no view's signature tells of them; what the
views were marked with there does. The permissions that an operation needs stand where OpenAPI has
scopes: whoever asks needs all of them.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

from flask_openapi3 import OpenAPI

from appliance.api.v1.again import makes_each_time
from appliance.api.v1.bodies import described_path
from appliance.api.v1.examples import example_of
from appliance.api.v1.gate import needed_by
from appliance.api.v1.tags import asked_by

_TOLD = {
    "If-Match": "The `etag` that was read, in quotes: 412 when it was changed since, 428 without "
    "it. `*`: whatever it is now.",
    "If-None-Match": "`*` in place of `If-Match`: it is new; 412 when it is there already.",
}
_ONCE = {
    "name": "Idempotency-Key", "in": "header", "required": False,
    "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
    "description": "A new one for each creation. The same again, because no answer came, answers "
    "what the first one did and makes nothing.",
}  # fmt: skip


def description_of(application: OpenAPI) -> dict[str, Any]:
    """The OpenAPI document."""
    document: dict[str, Any] = copy.deepcopy(application.api_doc)
    views = {
        (described_path(rule.rule), method.lower()): application.view_functions[rule.endpoint]
        for rule in application.url_map.iter_rules()
        for method in rule.methods or ()
    }
    for path, item in document["paths"].items():
        for method, operation in item.items():
            view = views[path, method]
            needed = needed_by(view)
            if needed:
                operation["security"] = [
                    {way: [*known, needed] for way, known in one.items()}
                    for one in operation["security"]
                ]
            body = operation.get("requestBody", {}).get("content", {}).get("application/json")
            if body:
                body["example"] = example_of(body["schema"], document["components"]["schemas"])
            headers = list(_headers(view, method, operation))
            if headers:
                operation["parameters"] = [*operation.get("parameters", ()), *headers]
    return document


def _headers(
    view: Callable[..., Any], method: str, operation: dict[str, Any]
) -> Iterator[dict[str, Any]]:
    asked = asked_by(view)
    for name in asked:
        yield {
            "name": name, "in": "header", "required": len(asked) == 1,
            "schema": {"type": "string"}, "description": _TOLD[name],
        }  # fmt: skip
    if method == "post" and "201" in operation["responses"] and not makes_each_time(view):
        yield _ONCE
