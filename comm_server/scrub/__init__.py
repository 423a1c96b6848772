"""Takes secrets out of a report before anything is packed; pure, counts what it took.

By key: the value under a telling name goes. By value: what looks like a secret goes wherever
it stands, source lines and messages included, because SDKs quote both. Telephone numbers are
masked as the customer's administrator wants it.
"""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Any

from comm_server.scrub.keys import is_number_key, is_secret_key
from comm_server.scrub.phones import KINDS, MODES, Phones, mask_phones
from comm_server.scrub.quick import may_hold_secret
from comm_server.scrub.values import scrub_assigned, scrub_text

__all__ = ["DEFAULT_PHONES", "KINDS", "MASK", "MODES", "Phones", "scrub", "scrub_line"]

MASK = "[scrubbed]"
DEFAULT_PHONES = Phones()
_DEEPEST = 60
_LONGEST_KEY = 64
_LONGEST_REMEMBERED = 160  # characters
_MOST_REMEMBERED = 16_384  # texts; with the above some 3 MB
_PLAIN, _SECRET, _NUMBER = 0, 1, 2


def scrub(value: Any, phones: Phones = DEFAULT_PHONES) -> tuple[Any, Counter[str]]:
    """A JSON value without secrets, which shares what had none, and how often each rule struck."""
    work = _Work(phones)
    return work.walk(value, 0), work.counts


def scrub_line(text: str, phones: Phones = DEFAULT_PHONES) -> tuple[str, Counter[str]]:
    """Plain text of a log or a file, which assigns without quotes, too."""
    counts: Counter[str] = Counter()
    clean = scrub_assigned(scrub_text(text, counts), counts)
    return mask_phones(clean, phones, counts), counts


def _judged(key: str) -> int:
    return _remembered(key) if len(key) <= _LONGEST_KEY else _look(key)


def _look(key: str) -> int:
    return (_SECRET if is_secret_key(key) else 0) | (_NUMBER if is_number_key(key) else 0)


_remembered = lru_cache(4096)(_look)  # few names come in every report


@lru_cache(4)
def _found_clean(phones: Phones) -> set[str]:  # noqa: ARG001 - the cache goes by it
    """Texts in which no rule by value strikes: a program's lines come again in every report."""
    return set()


class _Work:
    """The scrubbing of one value.

    Frames hold the same names, lines and variables again and again: each is judged once.
    """

    def __init__(self, phones: Phones) -> None:
        self.counts: Counter[str] = Counter()
        self._phones = phones
        self._extensions = "extension" in phones.kinds
        self._keys: dict[str, int] = {}
        self._clean = _found_clean(phones)
        if len(self._clean) >= _MOST_REMEMBERED:
            self._clean.clear()
        self._known: dict[str, tuple[str, Counter[str]]] = {}

    def walk(self, value: Any, depth: int) -> Any:
        if isinstance(value, str):
            return value if value in self._clean else self._text(value)
        if not isinstance(value, (dict, list)):
            return value
        if depth > _DEEPEST:  # no honest report nests like this; cut instead of overflowing
            self.counts["too deep"] += 1
            return MASK
        return self._entries(value, depth) if isinstance(value, dict) else self._items(value, depth)

    def _items(self, value: list[Any], depth: int) -> list[Any]:
        """``value`` itself when nothing in it is a secret."""
        if len(value) == 2 and isinstance(value[0], str) and is_secret_key(value[0]):
            self.counts["key"] += 1  # headers travel as [name, value] pairs
            return [value[0], MASK]
        clean: list[Any] | None = None
        harmless = self._clean
        for at, item in enumerate(value):
            if item.__class__ is str:  # source lines
                if item in harmless:
                    continue
                found: Any = self._text(item)
            else:
                found = self.walk(item, depth + 1)
            if found is not item:
                clean = clean or list(value)
                clean[at] = found
        return clean or value

    def _entries(self, value: dict[str, Any], depth: int) -> dict[str, Any]:
        """``value`` itself when nothing in it is a secret."""
        clean: dict[str, Any] | None = None
        keys, harmless = self._keys, self._clean
        for key, item in value.items():
            judged = keys.get(key)
            if judged is None:
                judged = keys[key] = _judged(key)
            if judged == _PLAIN and item.__class__ is str:  # most are
                if item in harmless:
                    continue
                found: Any = self._text(item)
            else:
                found = self._judged_entry(judged, item, depth)
            if found is not item:
                clean = clean or dict(value)
                clean[key] = found
        return clean or value

    def _judged_entry(self, judged: int, item: Any, depth: int) -> Any:
        if judged & _SECRET and item not in (None, "", [], {}):
            self.counts["key"] += 1
            return MASK
        if judged & _NUMBER and isinstance(item, int) and not isinstance(item, bool):
            # A number written as one: nothing else of eleven digits is looked at, sizes are as
            # long.
            masked = mask_phones(str(item), self._phones, self.counts)
            return item if masked == str(item) else masked
        return self.walk(item, depth + 1)

    def _text(self, text: str) -> str:
        known = self._known.get(text)
        if known is None:
            struck: Counter[str] = Counter()
            clean = text
            if may_hold_secret(text, extensions=self._extensions):
                clean = mask_phones(scrub_text(text, struck), self._phones, struck)
            if not struck:
                if len(text) <= _LONGEST_REMEMBERED and len(self._clean) < _MOST_REMEMBERED:
                    self._clean.add(text)
                return text
            known = self._known[text] = clean, struck
        for rule, times in known[1].items():
            self.counts[rule] += times
        return known[0]
