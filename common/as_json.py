"""JSON at speed, for reports: `orjson`, and the standard library where that is stricter. Pure."""

from __future__ import annotations

import json
from typing import Any

import orjson

_ALIKE = bytes.maketrans(b"123456789", b"000000000")
_LONG_NUMBER = b"0" * 19  # digits; orjson makes a float of what is over 64 bits


def read_json(data: bytes) -> Any:
    """Whatever `json.loads` reads: lone surrogates, NaN and long numbers included.

    Raises:
        ValueError: it is none.
        RecursionError: it is nested too deep.
    """
    if _LONG_NUMBER not in data.translate(_ALIKE):
        try:
            return orjson.loads(data)
        except orjson.JSONDecodeError:
            pass  # the standard library reads more, or says why not
    return json.loads(data)


def write_json(value: Any) -> str:
    """The JSON of ``value``, without spaces; it may hold lone surrogates if ``value`` does."""
    try:
        return orjson.dumps(value).decode()
    except orjson.JSONEncodeError:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
