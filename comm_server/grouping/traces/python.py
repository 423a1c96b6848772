"""``Traceback (most recent call last):`` and what follows; exception groups too."""

from __future__ import annotations

import re
from typing import Any

from comm_server.grouping.traces.raised import frame, raised

_BEGIN = re.compile(r"(?:Exception Group )?Traceback \(most recent call last\):\s*$")
_FRAME = re.compile(r'^File "(?P<file>[^"]*)", line (?P<line>\d+)(?:, in (?P<function>.*))?$')
_REPEATED = re.compile(r"^\[Previous line repeated (\d+) more times?\]$")
_END = re.compile(r"^(?P<type>[A-Za-z_][\w.<>]*)(?:: ?(?P<value>.*))?$")
_MARKS = re.compile(r"^[\s~^]+$")
_EDGE = " \t|+"
_COPIES = 3


def parse(lines: list[str]) -> list[dict[str, Any]]:
    """The tracebacks of a text; they are printed oldest first, groups before their members."""
    found: list[dict[str, Any]] = []
    groups: list[dict[str, Any]] = []
    number = 0
    while number < len(lines):
        begin = _BEGIN.search(lines[number])
        number += 1
        if begin:
            one, number = _one(lines, number)
            if one is not None:
                (groups if one["type"].endswith("ExceptionGroup") else found).append(one)
    # The first member of a group is the nearest to it, as SDKs order them.
    return [*(reversed(found) if groups else found), *reversed(groups)]


def _one(lines: list[str], number: int) -> tuple[dict[str, Any] | None, int]:
    frames: list[dict[str, Any]] = []
    while number < len(lines):
        text = lines[number].strip(_EDGE)
        number += 1
        found, again = _FRAME.match(text), _REPEATED.match(text)
        end = _END.match(text)
        if found:
            code = lines[number].strip(_EDGE) if number < len(lines) else ""
            plain = bool(code) and not _FRAME.match(code) and _indented(lines, number)
            frames.append(
                frame(
                    (found["function"] or "<module>").strip(),
                    filename=found["file"],
                    line=found["line"],
                    code=code if plain else "",
                )
            )
            number += plain
        elif again and frames:
            frames += [frames[-1]] * min(int(again[1][:4]), _COPIES)
        elif end and frames and not _MARKS.match(text):
            return raised(end["type"].rpartition(".")[2], end["value"] or "", frames), number
        elif text and not frames:
            return None, number
    return (raised("", "", frames) if frames else None), number


def _indented(lines: list[str], number: int) -> bool:
    """Whether it stands deeper than the frame before it, as a source line does."""
    own, before = lines[number].lstrip(" \t|+"), lines[number - 1].lstrip(" \t|+")
    return len(lines[number]) - len(own) > len(lines[number - 1]) - len(before)
