"""How bad a record is, by what stands in it. Pure.

The rules, in order; the first that strikes decides:

1. ``"level": "error"``, ``level=error``, ``severity=…``: what the line says of itself.
2. The leftmost level word among the first 200 characters of the first line, in capitals
   (``ERROR``, ``FATAL``, ``WARN`` …) or in brackets (``[error]``).
3. What ends a program: ``panic: ``, ``fatal error: ``, ``Fatal Python error``,
   ``Unhandled exception``, ``Segmentation fault``: fatal.
4. A stack trace or the name of an exception with a message: error.
5. Else ``info``.
"""

from __future__ import annotations

import re

_NAMES = {
    "fatal": "fatal", "critical": "fatal", "crit": "fatal", "emerg": "fatal", "alert": "fatal",
    "emergency": "fatal", "panic": "fatal", "error": "error", "err": "error", "severe": "error",
    "exception": "error", "warning": "warning", "warn": "warning", "notice": "info",
    "info": "info", "information": "info", "verbose": "debug", "debug": "debug",
    "trace": "debug", "fine": "debug",
}  # fmt: skip
_SAYS = re.compile(r"""\b(?:level|severity|lvl)["']?\s?[=:]\s?["']?([A-Za-z]{3,11})\b""")
_WORDS = "|".join(sorted(_NAMES, key=len, reverse=True))
_WORD = re.compile(rf"\b({_WORDS.upper()})\b|[\[<|]\s?(?i:({_WORDS}))\s?[\]>|]")
_DEADLY = re.compile(
    r"panic: |fatal error: |Fatal Python error|Unhandled exception|Segmentation fault"
    r"|java\.lang\.OutOfMemoryError"
)
_TROUBLE = re.compile(
    r"Traceback \(most recent call last\):|Exception in thread "
    r"|^[ \t]*(?:[\w$]+\.)*[\w$]*(?:Exception|Error)(?:: |$)",
    re.MULTILINE,
)
_NEAR = 200
_FAR = 20_000  # a record has at most some ten thousands of characters


def level_of(record: str) -> str:
    """``fatal``, ``error``, ``warning``, ``info`` or ``debug``."""
    first = record.lstrip("\n").partition("\n")[0]
    said = _SAYS.search(first[:2000])
    if said and said[1].lower() in _NAMES:
        return _NAMES[said[1].lower()]
    word = _WORD.search(first[:_NEAR])
    if word:
        return _NAMES[(word[1] or word[2]).lower()]
    if _DEADLY.search(first[:_NEAR]):
        return "fatal"
    return "error" if _TROUBLE.search(record[:_FAR]) else "info"


def is_error(level: str) -> bool:
    """Whether a record of this level becomes a report."""
    return level in {"error", "fatal"}
