"""How values look on the console's pages."""

from __future__ import annotations

from typing import Any

from flask import Flask

from common.clock import parse_stamp

_STEP = 1024

# The colour of a word; whatever is not here is plain.
_TONES = {
    "good": ("committed", "whole", "resolved", "installed", "done"),
    "warn": ("open", "rolled_back", "returned", "silent", "warning", "held", "approval"),
    "bad": (
        "new",
        "regression",
        "failed",
        "refused",
        "broken",
        "fork",
        "error",
        "fatal",
        "halted",
        "missing",
    ),
    "info": ("urgent", "info", "going"),
}
_TONE_OF = {word: tone for tone, words in _TONES.items() for word in words}


def install_filters(flask: Flask) -> None:
    """``size``, ``loose_time`` and ``tone`` in templates."""
    flask.jinja_env.filters.update(
        size=size,
        loose_time=loose_time,
        tone=lambda word: _TONE_OF.get(str(word), "plain"),
    )


def size(count: int) -> str:
    """Bytes for people: ``3.4 KiB``."""
    value = float(count)
    for unit in ("B", "KiB", "MiB"):
        if value < _STEP:
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= _STEP
    return f"{value:.1f} GiB"


def loose_time(value: Any) -> str:
    """A time that a site wrote as it liked; itself when it is no stamp."""
    if not value:
        return ""
    try:
        return parse_stamp(str(value)).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError):
        return str(value)
