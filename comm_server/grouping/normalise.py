"""Takes out of a message what differs from one occurrence to the next."""

from __future__ import annotations

import re

_MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec"
# Order matters: the more specific forms first, bare numbers last.
_RULES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\x1b\[[0-9;]*[A-Za-z]"), ""),
    (re.compile(r"\[phone(?: \*\d{4})?\]"), "<n>"),  # masked or not, it is the same message
    (re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
    (
        re.compile(
            r"\b\d{4}[-/]\d\d[-/]\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?"
            r"(?:Z|[+-]\d\d:?\d\d)?)?"
        ),
        "<date>",
    ),
    (
        re.compile(rf"\b(?:{_MONTHS}) {{1,2}}\d{{1,2}}(?: \d{{4}})? \d\d:\d\d:\d\d\b"),
        "<date>",
    ),
    (re.compile(r"\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b"), "<time>"),
    (re.compile(r"\b[\w.+-]+@[\w-]+(?:\.[\w-]+)+\b"), "<mail>"),
    (re.compile(r"\b[a-z][a-z0-9+.-]*://[^\s'\"<>]+", re.IGNORECASE), "<url>"),
    (re.compile(r"\b\d{1,3}(?:\.\d{1,3}){3}(?::\d+)?\b"), "<ip>"),
    (re.compile(r"\b(?:[0-9a-f]{2}[:-]){5}[0-9a-f]{2}\b", re.IGNORECASE), "<mac>"),
    (
        re.compile(
            r"(?<![\w:])(?:[0-9a-f]{1,4}:){1,7}(?::[0-9a-f]{1,4}){1,7}(?![\w:])"
            r"|\b(?:[0-9a-f]{1,4}:){3,7}[0-9a-f]{1,4}\b",
            re.IGNORECASE,
        ),
        "<ip>",
    ),
    (re.compile(r"\b[A-Za-z]:\\[^\s'\"<>|]+"), "<path>"),
    (re.compile(r"(?<![\w<])/(?:[\w.@+-]+/)+[\w.@+-]*"), "<path>"),
    (re.compile(r"\b0x[0-9a-f]+\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"(?<=\w)@[0-9a-f]{5,16}\b"), "@<hex>"),  # Java's object identity
    (re.compile(r"\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"(?<![\w.])[-+]?\d+(?:[.,]\d+)*"), "<n>"),
    (re.compile(r"\d+"), "<n>"),
    (re.compile(r"\s+"), " "),
)
_MOST_READ = 2000
_LONGEST_LINE = 300


def normalise_message(text: str) -> str:
    """The message without ids, addresses, dates, paths and numbers; at most 500 characters.

    Only the first 2000 are looked at: the rules would take the square of a megabyte's time.
    """
    text = text[:_MOST_READ]
    for pattern, substitute in _RULES:
        text = pattern.sub(substitute, text)
    return text.strip()[:500]


def normalise_line(text: str) -> str:
    """A source line without indentation and doubled spaces.

    Empty for the one line of a minified file: it says nothing about the place, and changes with
    every build.
    """
    if len(text) > _LONGEST_LINE or "{snip}" in text:
        return ""
    return re.sub(r"\s+", " ", text).strip()
