"""A Sentry envelope as bytes that somebody keeps or looks at: its first line, and its items.

A line of JSON, then items: each a line of JSON and a payload, whose length stands in the item's
line, or which ends at the next newline when it does not (develop.sentry.dev, "Envelopes").
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from common.as_json import read_json


@dataclass(frozen=True)
class Item:
    """One item: its line of JSON, its bytes, and where both lie in the envelope it was read from.

    The last is for who passes it on as it came.
    """

    header: dict[str, Any]
    payload: bytes
    span: tuple[int, int] = field(default=(0, 0), compare=False)

    @property
    def kind(self) -> str:
        """``attachment``, or whatever it calls itself."""
        return str(self.header.get("type") or "untyped")

    @property
    def filename(self) -> str:
        """As the program named it: a stranger's text."""
        return str(self.header.get("filename") or "")


def read(body: bytes) -> tuple[dict[str, Any], list[Item]]:
    """The first line and the items. Raises ValueError."""
    head, rest = first_line(body)
    return head, list(items(body, rest))


def first_line(body: bytes) -> tuple[dict[str, Any], int]:
    """The first line, and where what follows it begins. Raises ValueError."""
    return _line(body, 0)


def items(body: bytes, position: int) -> Iterator[Item]:
    """Each item from ``position`` on. Raises ValueError."""
    while position < len(body):
        if body[position : position + 1] == b"\n":  # between items, or at the end
            position += 1
            continue
        start = position
        header, position = _line(body, position)
        length = header.get("length")
        if length is None:
            end = body.find(b"\n", position)
            end = len(body) if end < 0 else end
        elif isinstance(length, int) and 0 <= length <= len(body) - position:
            end = position + length
        else:
            raise ValueError("an item is longer than the envelope")
        yield Item(header, body[position:end], (start, end))
        position = end + 1


def write(head: dict[str, Any], told: Iterable[Item]) -> bytes:
    """The reverse of `read`; every length is told."""
    out = [_json(head)]
    for item in told:
        out += [_json(item.header | {"length": len(item.payload)}), item.payload]
    return b"\n".join(out) + b"\n"


def event_of(body: bytes) -> str:
    """The id of the event that an envelope belongs to, as 32 hex digits; empty for none."""
    try:
        head, _ = _line(body, 0)
    except ValueError:
        return ""
    name = str(head.get("event_id") or "").replace("-", "").lower()
    return name if len(name) == 32 and all(c in "0123456789abcdef" for c in name) else ""


def _line(body: bytes, start: int) -> tuple[dict[str, Any], int]:
    end = body.find(b"\n", start)
    end = len(body) if end < 0 else end
    return json_object(body[start:end]), end + 1


def json_object(data: bytes) -> dict[str, Any]:
    """An object of JSON. Raises ValueError."""
    try:
        value = read_json(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except ValueError as error:
        raise ValueError(f"not JSON: {error}") from error
    if not isinstance(value, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004 - of bytes, not of an argument
    return value


def _json(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
