"""``at a.b.C.m(C.java:12)``, ``Caused by:``; Kotlin, Scala and other JVM languages too."""

from __future__ import annotations

import re
from typing import Any

from comm_server.grouping.traces.raised import frame, header, raised

_FRAME = re.compile(
    r"^\s*at (?:[^\s()]*/)?(?P<module>[^\s()/]+)\.(?P<function>[^\s()./]+)"
    r"\((?P<file>[\w$.-]+\.\w+(?::(?P<line>\d+))?|Native Method|Unknown Source|<generated>)\)"
)
_HEADER = re.compile(
    r'^\s*(?:Caused by: |Exception in thread "[^"]*" )?'
    r"(?P<type>(?:[a-zA-Z_$][\w$]*\.)*[A-Z][\w$]*)(?::\s?(?P<value>.*))?$"
)
_BESIDE = re.compile(r"^\s*Suppressed: ")


def parse(lines: list[str]) -> list[dict[str, Any]]:
    """The exceptions of a text; they are printed outermost first, suppressed ones beside."""
    found: list[dict[str, Any]] = []
    ended = number = 0
    beside = False
    while number < len(lines):
        if not _FRAME.match(lines[number]):
            beside = beside and not lines[number].lstrip().startswith("Caused by: ")
            beside = beside or bool(_BESIDE.match(lines[number]))
            number += 1
            continue
        type_, value = header(lines, number, ended, _HEADER)
        frames = []
        while number < len(lines) and (match := _FRAME.match(lines[number])):
            file = match["file"].partition(":")[0] if "." in match["file"] else ""
            frames.append(
                frame(
                    match["function"],
                    module=match["module"],
                    filename=file,
                    line=match["line"] or "",
                )
            )
            number += 1
        if not beside:
            found.append(raised(type_.rpartition(".")[2], value, frames[::-1]))
        beside, ended = False, number
    return found[::-1]
