"""Stack traces that were pasted as text: into exceptions and frames of a Sentry event.

One file per language, each with ``parse(lines) -> exceptions``: values of a Sentry event, the
oldest first and the uncaught one last, frames outermost first; empty when the text holds no
trace of that language. Pure, and never raises. Whatever reads most frames is believed.
"""

from __future__ import annotations

from typing import Any

from comm_server.grouping.traces import csharp, go, java, javascript, python

LANGUAGES = {
    "python": python.parse,
    "java": java.parse,
    "csharp": csharp.parse,
    "go": go.parse,
    "javascript": javascript.parse,
}
# A line or a text may be a megabyte; what tells one problem from another stands at the ends.
_MOST_LINE = 1000
_MOST_LINES = 1500


def from_text(text: str) -> dict[str, Any]:
    """A Sentry event of ``text``: its message, and ``exception`` when it holds a stack trace."""
    event: dict[str, Any] = {"message": text}
    lines = [line[:_MOST_LINE] for line in text.splitlines()]
    if len(lines) > 2 * _MOST_LINES:
        lines = lines[:_MOST_LINES] + lines[-_MOST_LINES:]
    best, most = "", 0
    exceptions: list[dict[str, Any]] = []
    for language, parse in LANGUAGES.items():
        found = parse(lines)
        frames = sum(len(one["stacktrace"]["frames"]) for one in found)
        if frames > most:
            best, most, exceptions = language, frames, found
    if exceptions:
        event |= {"platform": best, "exception": {"values": exceptions}}
    return event
