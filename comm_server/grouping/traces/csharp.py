r"""``at Ns.Class.Method(String a) in C:\x.cs:line 12``, inner exceptions by ``--->``."""

from __future__ import annotations

import re
from typing import Any

from comm_server.grouping.traces.raised import frame, raised

_FRAME = re.compile(
    r"^\s*(?:at|在|bei|à) (?P<module>[^\s()]+)\.(?P<function>\.?[^\s().]+)"
    r"\((?P<arguments>[^()]*)\)(?: in (?P<file>.+):line (?P<line>\d+))?\s*$"
)
_HEADER = re.compile(
    r"^(?:.*?Unhandled exception[.:] |\s*---> (?:\(Inner Exception #\d+\) )?)?"
    r"(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Exception|Error|Fault)\w*)"
    r"(?: \(0x[0-9A-Fa-f]+\))?(?:: (?P<value>.*))?$",
    re.IGNORECASE,
)
_INNER = " ---> "
_END_OF_INNER = "--- End of inner exception stack trace ---"
_JVM = re.compile(r"^(?:[\w$.-]+\.(?:java|kt|scala|groovy)(?::\d+)?|Native Method|Unknown Source)$")


def parse(lines: list[str]) -> list[dict[str, Any]]:
    """The exceptions of a text; the frames of the innermost are printed first."""
    headers: list[tuple[str, str]] = []
    found: list[dict[str, Any]] = []
    frames: list[dict[str, Any]] = []
    for line in lines:
        match = _FRAME.match(line)
        if match and not _JVM.match(match["arguments"]):
            frames.append(
                frame(
                    match["function"],
                    module=match["module"],
                    filename=match["file"] or "",
                    line=match["line"] or "",
                )
            )
        elif line.strip() == _END_OF_INNER:
            found.append(_close(headers, frames))
            frames = []
        elif not frames and not found:
            headers += _headers(line)
    if frames:
        found.append(_close(headers, frames))
    return found


def _headers(line: str) -> list[tuple[str, str]]:
    lead = " ---> " if line.lstrip().startswith("--->") else ""
    parts = line.strip().removeprefix("---> ").split(_INNER)
    matches = [_HEADER.match(part if number else lead + part) for number, part in enumerate(parts)]
    return [(match["type"], match["value"] or "") for match in matches if match]


def _close(headers: list[tuple[str, str]], frames: list[dict[str, Any]]) -> dict[str, Any]:
    type_, value = headers.pop() if headers else ("", "")
    return raised(type_.rpartition(".")[2], value, frames[::-1])
