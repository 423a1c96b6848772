"""The REST interface's description as a page, made from the same document that programs read."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue
from flask_openapi3 import OpenAPI

from appliance.api.v1.described import description_of
from appliance.domain.refusals import KINDS, WEB_KINDS

_METHODS = ("get", "post", "put", "patch", "delete")


def reference(application: OpenAPI) -> Blueprint:
    """The blueprint."""
    blueprint = Blueprint("reference", __name__, template_folder="templates")

    @blueprint.get("/api/docs")
    def page() -> ResponseReturnValue:
        document = description_of(application)
        return render_template(
            "reference.html",
            info=document["info"],
            security=document["components"].get("securitySchemes", {}),
            groups=groups_of(document),
            shapes=sorted(shapes_of(document), key=lambda one: one["name"]),
            known=set(document["components"].get("schemas", {})),
            refusals=[*KINDS.items(), *WEB_KINDS.items()],
        )

    return blueprint


def groups_of(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    """What can be asked, by tag, in the document's order."""
    groups = {
        tag["name"]: {"name": tag["name"], "about": tag.get("description", ""), "operations": []}
        for tag in document.get("tags", ())
    }
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                one = _operation(path, method, item[method])
                for tag in item[method].get("tags", ())[:1]:
                    groups[tag]["operations"].append(one)
    return [group for group in groups.values() if group["operations"]]


def shapes_of(document: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """Every named shape with its fields."""
    for name, schema in document["components"].get("schemas", {}).items():
        required = schema.get("required", ())
        yield {
            "name": name,
            "about": schema.get("description", ""),
            "values": schema.get("enum", ()),
            "fields": [
                {
                    "name": field, "type": type_of(inner), "required": field in required,
                    "about": inner.get("description", ""),
                }
                for field, inner in schema.get("properties", {}).items()
            ],
        }  # fmt: skip


def type_of(schema: Mapping[str, Any]) -> str:
    """A schema in a few words; a named shape by its name."""
    if "$ref" in schema:
        return str(schema["$ref"]).rsplit("/", 1)[-1]
    for choice in ("anyOf", "oneOf", "allOf"):
        if choice in schema:
            return " | ".join(dict.fromkeys(type_of(one) for one in schema[choice]))
    if schema.get("type") == "array":
        return f"[{type_of(schema.get('items', {}))}]"
    inner = schema.get("additionalProperties")
    if isinstance(inner, Mapping) and inner:
        return f"{{name: {type_of(inner)}}}"
    return str(schema.get("format") or schema.get("type") or "any")


def needs_of(operation: Mapping[str, Any]) -> list[str]:
    """The permissions that whoever asks needs, all of them."""
    ways = operation.get("security", ())
    return sorted({one for way in ways for needed in way.values() for one in needed})


def _operation(path: str, method: str, one: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "method": method.upper(),
        "path": path,
        "summary": one.get("summary", ""),
        "needs": needs_of(one),
        "parameters": [
            {
                "name": parameter["name"], "place": parameter["in"],
                "type": type_of(parameter.get("schema", {})),
                "about": parameter.get("description", ""),
            }
            for parameter in one.get("parameters", ())
        ],
        "body": _content(one.get("requestBody", {})),
        "example": _example(one.get("requestBody", {})),
        "answers": [
            (status, _content(answer)) for status, answer in one.get("responses", {}).items()
        ],
    }  # fmt: skip


def _example(body: Mapping[str, Any]) -> str:
    for one in body.get("content", {}).values():
        if one.get("example"):
            return json.dumps(one["example"], ensure_ascii=False, indent=1)
    return ""


def _content(holder: Mapping[str, Any]) -> str:
    """The shape's name, so that it can be a link."""
    for one in holder.get("content", {}).values():
        return type_of(one.get("schema", {})).strip("[]")
    return ""
