"""Takes secrets out of a report before anything is packed; pure, counts what it took.

By key: the value under a telling name goes. By value: what looks like a secret goes wherever
it stands, source lines and messages included, because SDKs quote both.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from comm_server.scrub.keys import is_secret_key
from comm_server.scrub.values import scrub_text

MASK = "[scrubbed]"
_DEEPEST = 60


def scrub(value: Any) -> tuple[Any, Counter[str]]:
    """A scrubbed copy of a JSON value, and how often each rule struck."""
    counts: Counter[str] = Counter()
    return _walk(value, counts, 0), counts


def _walk(value: Any, counts: Counter[str], depth: int) -> Any:
    if depth > _DEEPEST:  # no honest report nests like this; cut instead of overflowing
        counts["too deep"] += 1
        return MASK
    if isinstance(value, dict):
        return {key: _entry(key, item, counts, depth) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], str) and is_secret_key(value[0]):
            counts["key"] += 1  # headers travel as [name, value] pairs
            return [value[0], MASK]
        return [_walk(item, counts, depth + 1) for item in value]
    if isinstance(value, str):
        return scrub_text(value, counts)
    return value


def _entry(key: str, item: Any, counts: Counter[str], depth: int) -> Any:
    if is_secret_key(key) and item not in (None, "", [], {}):
        counts["key"] += 1
        return MASK
    return _walk(item, counts, depth + 1)
