"""Takes secrets out of a report before anything is packed; pure, counts what it took.

By key: the value under a telling name goes. By value: what looks like a secret goes wherever
it stands, source lines and messages included, because SDKs quote both. Telephone numbers are
masked as the customer's administrator wants it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from comm_server.scrub.keys import is_number_key, is_secret_key
from comm_server.scrub.phones import KINDS, MODES, Phones, mask_phones
from comm_server.scrub.values import scrub_assigned, scrub_text

__all__ = ["DEFAULT_PHONES", "KINDS", "MASK", "MODES", "Phones", "scrub", "scrub_line"]

MASK = "[scrubbed]"
DEFAULT_PHONES = Phones()
_DEEPEST = 60


def scrub(value: Any, phones: Phones = DEFAULT_PHONES) -> tuple[Any, Counter[str]]:
    """A scrubbed copy of a JSON value, and how often each rule struck."""
    counts: Counter[str] = Counter()
    return _walk(value, counts, phones, 0), counts


def scrub_line(text: str, phones: Phones = DEFAULT_PHONES) -> tuple[str, Counter[str]]:
    """Plain text of a log or a file, which assigns without quotes, too."""
    counts: Counter[str] = Counter()
    clean = scrub_assigned(scrub_text(text, counts), counts)
    return mask_phones(clean, phones, counts), counts


def _walk(value: Any, counts: Counter[str], phones: Phones, depth: int) -> Any:
    if depth > _DEEPEST:  # no honest report nests like this; cut instead of overflowing
        counts["too deep"] += 1
        return MASK
    if isinstance(value, dict):
        return {key: _entry(key, item, counts, phones, depth) for key, item in value.items()}
    if isinstance(value, list):
        if len(value) == 2 and isinstance(value[0], str) and is_secret_key(value[0]):
            counts["key"] += 1  # headers travel as [name, value] pairs
            return [value[0], MASK]
        return [_walk(item, counts, phones, depth + 1) for item in value]
    if isinstance(value, str):
        return mask_phones(scrub_text(value, counts), phones, counts)
    return value


def _entry(key: str, item: Any, counts: Counter[str], phones: Phones, depth: int) -> Any:
    if is_secret_key(key) and item not in (None, "", [], {}):
        counts["key"] += 1
        return MASK
    if isinstance(item, int) and not isinstance(item, bool) and is_number_key(key):
        # A number written as one: nothing else of eleven digits is looked at, sizes are as long.
        masked = mask_phones(str(item), phones, counts)
        return item if masked == str(item) else masked
    return _walk(item, counts, phones, depth + 1)
