"""Records (section 2): the bytes of one row, and its values."""

from __future__ import annotations

import struct

Value = int | float | str | bytes | None
_FIXED = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}


class DamagedError(Exception):
    """These bytes are not what they should be."""


def varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at ``place`` (section 1.6), and the place after it. Raises DamagedError."""
    value = 0
    for count in range(9):
        if place >= len(data):
            raise DamagedError("a number beyond the page")
        byte = data[place]
        place += 1
        if count == 8:
            value = value << 8 | byte
            break
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            break
    return (value - 2**64 if value >= 2**63 else value), place


def values(record: bytes) -> list[Value]:
    """The columns of a whole record. Raises DamagedError when its header does not fit it."""
    header, place = varint(record, 0)
    if not place <= header <= len(record):
        raise DamagedError("a record's header is larger than the record")
    kinds = []
    while place < header:
        kind, place = varint(record, place)
        kinds.append(kind)
    if place != header:
        raise DamagedError("a record's header ends within a number")
    found: list[Value] = []
    for kind in kinds:
        size = _FIXED.get(kind, (kind - 12) // 2 if kind >= 12 else -1)
        if size < 0 or place + size > len(record):
            raise DamagedError("a column is larger than the record")
        found.append(_value(kind, record[place : place + size]))
        place += size
    if place != len(record):
        raise DamagedError("a record is larger than its columns")
    return found


def _value(kind: int, data: bytes) -> Value:
    if kind == 0:
        return None
    if kind < 7:
        return int.from_bytes(data, "big", signed=True)
    if kind == 7:
        number: float = struct.unpack(">d", data)[0]
        return number
    if kind < 10:
        return kind - 8
    return data.decode("utf-8", "replace") if kind % 2 else data
