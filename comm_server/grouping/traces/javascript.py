"""``at f (file.js:1:2)`` of V8, ``f@file.js:1:2`` of Firefox and Safari; ``[cause]:``."""

from __future__ import annotations

import re
from typing import Any

from comm_server.grouping.traces.raised import frame, header, raised

_V8 = re.compile(
    r"^\s*at (?:async )?(?P<function>\S.*?) \((?P<file>[^()]+?)"
    r"(?::(?P<line>\d+):\d+)?\)(?: \{)?$"
)
_V8_BARE = re.compile(r"^\s*at (?:async )?(?P<file>\S+?):(?P<line>\d+):\d+(?: \{)?$")
_GECKO = re.compile(r"^\s*(?P<function>[^@\s]*)@(?P<file>\S+?):(?P<line>\d+):\d+$")
_HEADER = re.compile(
    r"^\s*(?:\[cause\]: )?(?:Uncaught )?(?:\(in promise\) )?"
    r"(?P<type>[A-Z][\w.$]*)(?: \[[^\]]*\])?(?:: (?P<value>.*))?$"
)


def parse(lines: list[str]) -> list[dict[str, Any]]:
    """The errors of a text; they are printed outermost first, causes below."""
    found: list[dict[str, Any]] = []
    ended = number = 0
    while number < len(lines):
        if _match(lines[number]) is None:
            number += 1
            continue
        type_, value = header(lines, number, ended, _HEADER)
        frames = []
        while number < len(lines) and (match := _match(lines[number])):
            named = match.groupdict()
            frames.append(
                frame(named.get("function") or "", filename=named["file"], line=named["line"] or "")
            )
            number += 1
        found.append(raised(type_, value, frames[::-1]))
        ended = number
    return found[::-1]


def _match(line: str) -> re.Match[str] | None:
    return _V8.match(line) or _V8_BARE.match(line) or _GECKO.match(line)
