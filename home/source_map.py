"""Source maps, version 3 (ECMA-426): where a place of a built script stands in the sources. Pure.

`mappings` has a group for each line of the script, parted by `;`, in it a segment for each place,
parted by `,`: numbers in base 64, each the difference to the one before.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

_DIGITS = {
    letter: value
    for value, letter in enumerate(
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    )
}


@dataclass(frozen=True)
class Place:
    """In a source file; ``line`` and ``column`` count from 1, ``lines`` are the file's."""

    file: str
    line: int
    column: int
    lines: tuple[str, ...]


def place_in(source_map: bytes, line: int, column: int) -> Place | None:
    """What stands at ``line`` and ``column`` of the script, both from 1, as browsers count.

    None when the map does not know, or is no map.
    """
    try:
        known = json.loads(source_map)
        found = _at(known["mappings"], line - 1, column - 1)
        if found is None:
            return None
        file, row, place = found
        contents = known.get("sourcesContent") or ()
        whole = contents[file] if file < len(contents) else None
        name = known["sources"][file]
    except (ValueError, KeyError, IndexError, TypeError):
        return None
    return Place(str(name), row + 1, place + 1, tuple((whole or "").splitlines()))


def _at(mappings: str, line: int, column: int) -> tuple[int, int, int] | None:
    """The last segment of the line that begins at or before the column."""
    file = row = place = 0
    for number, group in enumerate(mappings.split(";")):
        found, at = None, 0
        for segment in group.split(",") if group else ():
            numbers = list(_numbers(segment))
            at += numbers[0]
            if number == line and at > column:
                break
            if len(numbers) < 4:  # nobody's: made by the builder
                found = None
                continue
            file, row, place = file + numbers[1], row + numbers[2], place + numbers[3]
            found = file, row, place
        if number == line:
            return found
    return None


def _numbers(segment: str) -> Iterator[int]:
    value = shift = 0
    for letter in segment:
        digit = _DIGITS[letter]
        value += (digit & 31) << shift
        shift += 5
        if not digit & 32:
            yield -(value >> 1) if value & 1 else value >> 1
            value = shift = 0
