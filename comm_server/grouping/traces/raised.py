"""What every language's parser answers."""

from __future__ import annotations

import re
from typing import Any

_LOOK_BACK = 20
_TELLING = re.compile(r"(?:Exception|Error|Throwable|Fault|Failure)$")


def raised(type_: str, value: str, frames: list[dict[str, Any]]) -> dict[str, Any]:
    """An exception value of a Sentry event; ``frames`` outermost first."""
    return {"type": type_, "value": value.strip(), "stacktrace": {"frames": frames}}


def frame(
    function: str, *, module: str = "", filename: str = "", line: str = "", code: str = ""
) -> dict[str, Any]:
    """A frame; what is not known is left out."""
    known = {"function": function, "module": module, "filename": filename, "context_line": code}
    found: dict[str, Any] = {name: text for name, text in known.items() if text}
    if line:
        found["lineno"] = int(line[:9])
    return found


def header(lines: list[str], until: int, since: int, pattern: re.Pattern[str]) -> tuple[str, str]:
    """Type and value of the exception whose first frame stands at ``until``; or two empties.

    A message may have several lines: of those that look like a header, the first whose type is
    named like an error counts, else the nearest to the frames.
    """
    nearest = ("", "")
    for number in range(max(since, until - _LOOK_BACK), until):
        match = pattern.match(lines[number])
        if match is None:
            continue
        nearest = (match["type"], match["value"] or "")
        if _TELLING.search(match["type"]):
            more = [line.strip() for line in lines[number + 1 : until]]
            return nearest[0], " ".join([nearest[1], *more])
    return nearest
