"""Takes secrets out of a report before anything is packed; pure, counts what it took.

By key: the value under a telling name goes. By value: what looks like a secret goes wherever
it stands, source lines and messages included, because SDKs quote both. Telephone numbers are
masked as the customer's administrator wants it.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from comm_server.scrub.phones import KINDS, MODES, Phones, mask_phones
from comm_server.scrub.quick import is_number, is_secret, may_hold_secret
from comm_server.scrub.values import scrub_assigned, scrub_text

__all__ = ["DEFAULT_PHONES", "KINDS", "MASK", "MODES", "Phones", "scrub", "scrub_line"]

MASK = "[scrubbed]"
DEFAULT_PHONES = Phones()
_DEEPEST = 60


def scrub(value: Any, phones: Phones = DEFAULT_PHONES) -> tuple[Any, Counter[str]]:
    """A scrubbed copy of a JSON value, and how often each rule struck."""
    work = _Work(phones)
    return work.walk(value, 0), work.counts


def scrub_line(text: str, phones: Phones = DEFAULT_PHONES) -> tuple[str, Counter[str]]:
    """Plain text of a log or a file, which assigns without quotes, too."""
    counts: Counter[str] = Counter()
    clean = scrub_assigned(scrub_text(text, counts), counts)
    return mask_phones(clean, phones, counts), counts


class _Work:
    """The scrubbing of one value."""

    def __init__(self, phones: Phones) -> None:
        self.counts: Counter[str] = Counter()
        self._phones = phones
        self._extensions = "extension" in phones.kinds
        # Frames hold the same variables and lines again and again.
        self._known: dict[str, tuple[str, Counter[str]]] = {}

    def walk(self, value: Any, depth: int) -> Any:
        if depth > _DEEPEST:  # no honest report nests like this; cut instead of overflowing
            self.counts["too deep"] += 1
            return MASK
        if isinstance(value, str):
            return self._text(value)
        if isinstance(value, dict):
            return {key: self._entry(key, item, depth) for key, item in value.items()}
        if isinstance(value, list):
            if len(value) == 2 and isinstance(value[0], str) and is_secret(value[0]):
                self.counts["key"] += 1  # headers travel as [name, value] pairs
                return [value[0], MASK]
            return [self.walk(item, depth + 1) for item in value]
        return value

    def _entry(self, key: str, item: Any, depth: int) -> Any:
        if is_secret(key) and item not in (None, "", [], {}):
            self.counts["key"] += 1
            return MASK
        if isinstance(item, int) and not isinstance(item, bool) and is_number(key):
            # A number written as one: nothing else of eleven digits is looked at, sizes are as
            # long.
            masked = mask_phones(str(item), self._phones, self.counts)
            return item if masked == str(item) else masked
        return self.walk(item, depth + 1)

    def _text(self, text: str) -> str:
        if not may_hold_secret(text, extensions=self._extensions):
            return text
        known = self._known.get(text)
        if known is None:
            struck: Counter[str] = Counter()
            clean = mask_phones(scrub_text(text, struck), self._phones, struck)
            known = self._known[text] = clean, struck
        if known[1]:
            self.counts.update(known[1])
        return known[0]
