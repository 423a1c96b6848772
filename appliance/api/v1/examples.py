"""An example of each body in the description, made of its shape: what it says is taken as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = Mapping[str, Any]
_TEXTS = {"date-time": "2026-12-01T09:00:00Z", "date": "2026-12-01"}


def example_of(schema: Schema, shapes: Mapping[str, Schema]) -> Any:
    """Something that fits ``schema``, with all that can be said; ``shapes`` are those by name."""
    if "$ref" in schema:
        return example_of(shapes[schema["$ref"].rsplit("/", 1)[-1]], shapes)
    told = [
        *schema.get("examples", ())[:1], schema.get("const"), schema.get("default"),
        *schema.get("enum", ())[:1],
    ]  # fmt: skip
    choices = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf")
    if any(one is not None for one in told):
        return next(one for one in told if one is not None)
    if choices:
        return example_of(choices[0], shapes)
    if schema.get("type") == "object":
        return _object(schema, shapes)
    if schema.get("type") == "array":
        return [example_of(schema.get("items", {}), shapes)]
    return _plain(schema)


def _object(schema: Schema, shapes: Mapping[str, Schema]) -> dict[str, Any]:
    found = {name: example_of(one, shapes) for name, one in schema.get("properties", {}).items()}
    others = schema.get("additionalProperties")
    if isinstance(others, Mapping) and others:
        found["en"] = example_of(others, shapes)  # most of these are texts by language
    return found


def _plain(schema: Schema) -> Any:
    kind = schema.get("type")
    if kind == "string" and "pattern" not in schema:
        text = _TEXTS.get(schema.get("format", ""), "text")
        return text.ljust(schema.get("minLength", 0), "x")[: schema.get("maxLength")]
    if kind in {"integer", "number"}:
        return max(1, schema.get("minimum", 1)) if schema.get("maximum", 1) >= 1 else 0
    return {"string": "", "boolean": True}.get(str(kind), {})
