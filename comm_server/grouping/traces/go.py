"""``panic: …`` or ``fatal error: …`` and the first goroutine, which is the one that died."""

from __future__ import annotations

import re
from typing import Any

from comm_server.grouping.traces.raised import frame, raised

_HEADER = re.compile(r"^\s*(?:.*? )?(?P<type>panic|fatal error): (?P<value>.*)$")
_RUNTIME = re.compile(r"^runtime error: [a-z][a-z ]*[a-z]")
_GOROUTINE = re.compile(r"^goroutine \d+(?: gp=\S+ m=\S+(?: mp=\S+)?)? \[.*\]:$")
_CALL = re.compile(r"^(?:created by )?(?P<name>[^\s].*?)(?:\([^()]*\)| in goroutine \d+)?$")
_FILE = re.compile(r"^\s+(?P<file>\S.*\.(?:go|s)):(?P<line>\d+)(?: \+0x[0-9a-f]+.*)?$")


def parse(lines: list[str]) -> list[dict[str, Any]]:
    """One exception at most: Go prints no chain."""
    type_, value = "", ""
    begin = next((n for n, line in enumerate(lines) if _GOROUTINE.match(line.strip())), None)
    if begin is None:
        return []
    for line in lines[:begin]:
        match = _HEADER.match(line)
        if match:  # of several panics the last one ended the program
            type_, value = match["type"], match["value"].removesuffix(" [recovered]")
    runtime = _RUNTIME.match(value)
    frames = _frames(lines, begin + 1)
    if not frames:
        return []
    # Go has no exception types: what the run time calls the fault stands for one.
    return [raised(runtime[0] if runtime else type_ or "goroutine", value, frames[::-1])]


def _frames(lines: list[str], number: int) -> list[dict[str, Any]]:
    frames: list[dict[str, Any]] = []
    while number + 1 < len(lines) and lines[number].strip():
        place, call = _FILE.match(lines[number + 1]), _CALL.match(lines[number].strip())
        if place and call:
            if lines[number].lstrip().startswith("created by "):
                break  # who started the goroutine did not fail
            module, function = _split(call["name"])
            frames.append(
                frame(function, module=module, filename=place["file"], line=place["line"])
            )
            number += 1
        number += 1
    return frames


def _split(name: str) -> tuple[str, str]:
    """``github.com/a/b.(*T).M`` is package and function; only the last part may have a dot."""
    folder, slash, last = name.rpartition("/")
    package, dot, function = last.partition(".")
    return (folder + slash + package, function) if dot else ("", name)
