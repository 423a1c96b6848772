"""The write-ahead log (section 4): its frames, and the repair of one changed byte.

After a kill SQLite takes the log's frames up to the first whose checksum does not fit, and
forgets the rest without a word, although it was committed. The checksum is linear: from what it is
and what it should be follows which single byte was changed, and to what. Larger damage is left
to SQLite; a torn end, as a power cut leaves it, looks the same and holds nothing that was promised.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

_HEADER, _FRAME = 32, 24
_MAGIC = {0x377F0682: "<", 0x377F0683: ">"}  # byte order of the words that are summed
_WORD = 2**32


@dataclass(frozen=True)
class Frame:
    """One valid frame: the page it holds, the database's size if it commits (else 0), its place."""

    page: int
    commit: int
    offset: int


def log_of(database: Path) -> Path:
    """Where the log of ``database`` lies."""
    return database.with_name(f"{database.name}-wal")


def frames(log: Path, page_size: int) -> Iterator[Frame]:
    """The frames that SQLite would take, whole transactions only, in order."""
    waiting: list[Frame] = []
    with log.open("rb") as file:
        header = file.read(_HEADER)
        order = _order(header)
        if order is None or _sum(header[:24], (0, 0), order) != _stored(header[24:]):
            return
        seed, salts = _stored(header[24:]), header[16:24]
        while len(data := file.read(_FRAME + page_size)) == _FRAME + page_size:
            seed = _sum(data[:8] + data[_FRAME:], seed, order)
            if data[8:16] != salts or seed != _stored(data[16:]):
                return
            page, commit = struct.unpack(">II", data[:8])
            waiting.append(Frame(page, commit, file.tell() - page_size))
            if commit:
                yield from waiting
                waiting = []


def repair(database: Path, page_size: int = 4096) -> int:
    """Put changed bytes of the log right; answers how many.

    To be called before SQLite opens ``database``, while no other process has it open.
    """
    log = log_of(database)
    if not log.exists() or log.stat().st_size < _HEADER + _FRAME + page_size:
        return 0
    repaired = 0
    with log.open("r+b") as file:
        header, changed = _right_header(file, page_size)
        repaired += changed
        if header is None:
            return 0
        order = _order(header) or "<"
        seed, salts, place = _stored(header[24:]), header[16:24], _HEADER
        while True:
            data = _read(file, place, _FRAME + page_size)
            if data is None:
                break
            right = _right_frame(data, seed, salts, order)
            if right is None and not (right := _corrected(file, place, data, seed, salts, order)):
                break
            if right != data:
                _write(file, place, right)
                repaired += 1
            seed, place = _stored(right[16:]), place + len(data)
        if repaired:
            file.flush()
            os.fsync(file.fileno())
    return repaired


def _right_header(file: BinaryIO, page_size: int) -> tuple[bytes | None, int]:
    """The header as it should be, or None; and whether that was written."""
    header = _read(file, 0, _HEADER)
    assert header is not None  # noqa: S101 - the caller has looked at the size
    order = _order(header)
    if order and _sum(header[:24], (0, 0), order) == _stored(header[24:]):
        return header, 0
    first = _read(file, _HEADER, _FRAME + page_size)
    assert first is not None  # noqa: S101 - as above
    for order in ("<", ">"):
        magic = next(number for number, name in _MAGIC.items() if name == order)
        start = struct.pack(">III", magic, 3007000, page_size) + header[12:16] + first[8:16]
        wanted = _sum(start, (0, 0), order)
        # One of the two is right when one byte was changed: what is summed, or the sum.
        if _sum(first[:8] + first[_FRAME:], wanted, order) == _stored(first[16:]):
            right = start + struct.pack(">II", *wanted)
        else:
            position = _changed(header[:24], (0, 0), _stored(header[24:]), order)
            if position is None:
                continue
            right = position + header[24:]
        if sum(a != b for a, b in zip(right, header, strict=True)) == 1:
            _write(file, 0, right)
            return right, 1
    return None, 0


def _right_frame(data: bytes, seed: tuple[int, int], salts: bytes, order: str) -> bytes | None:
    fits = data[8:16] == salts and _sum(data[:8] + data[_FRAME:], seed, order) == _stored(data[16:])
    return data if fits else None


def _corrected(
    file: BinaryIO, place: int, data: bytes, seed: tuple[int, int], salts: bytes, order: str
) -> bytes | None:
    """The frame with its one changed byte put right, or None."""
    off = sum(a != b for a, b in zip(data[8:16], salts, strict=True))
    summed = data[:8] + data[_FRAME:]
    found = _sum(summed, seed, order)
    if off == 1 and found == _stored(data[16:]):
        return data[:8] + salts + data[16:]
    if off:
        return None  # an older run of the log begins here
    sums = struct.pack(">II", *found)
    following = _read(file, place + len(data), len(data))
    if sum(a != b for a, b in zip(sums, data[16:_FRAME], strict=True)) == 1 and (
        following is None or _right_frame(following, found, salts, order)
    ):
        return data[:16] + sums + data[_FRAME:]
    right = _changed(summed, seed, _stored(data[16:]), order)
    return None if right is None else right[:8] + data[8:_FRAME] + right[8:]


def _changed(
    data: bytes, seed: tuple[int, int], wanted: tuple[int, int], order: str
) -> bytes | None:
    """``data`` with one byte other, so that its sum is ``wanted``; None when there is no such.

    For the highest byte of a word there are often several answers, because the sums overflow.
    One is as good as the other for what follows in the log, and a wrong one leaves the damage
    within its page; one in the first 8 bytes, which say what page it is, is the last choice.
    """
    found = _sum(data, seed, order)
    need0, need1 = (wanted[0] - found[0]) % _WORD, (wanted[1] - found[1]) % _WORD
    words = list(struct.unpack(f"{order}{len(data) // 4}I", data))
    choices = []
    for index, (weight0, weight1) in enumerate(_weights(len(words))):
        for shift in (0, 8, 16, 24):
            old = (words[index] >> shift) & 0xFF
            step0, step1 = (weight0 << shift) % _WORD, (weight1 << shift) % _WORD
            choices += [
                (index, (value - old) << shift)
                for value in range(256)
                if (step0 * (value - old)) % _WORD == need0
                and (step1 * (value - old)) % _WORD == need1
            ]
    if not choices:
        return None
    index, delta = next((choice for choice in choices if choice[0] >= 2), choices[0])
    words[index] += delta
    return struct.pack(f"{order}{len(words)}I", *words)


def _weights(count: int) -> list[tuple[int, int]]:
    """How much one more in each word changes the two sums at the end."""
    weights: list[tuple[int, int]] = []
    a, b = (1, 0), (0, 1)  # what one more in s0, in s1, is at the end
    for _ in range(count // 2):
        # s1 is raised by the second word and by s0; s0 by the first word and by s1.
        second = b
        first = ((a[0] + b[0]) % _WORD, (a[1] + b[1]) % _WORD)
        weights[:0] = [first, second]
        a, b = first, ((first[0] + b[0]) % _WORD, (first[1] + b[1]) % _WORD)
    return weights


def _sum(data: bytes, seed: tuple[int, int], order: str) -> tuple[int, int]:
    """The running checksum (section 4.2)."""
    s0, s1 = seed
    words = struct.unpack(f"{order}{len(data) // 4}I", data)
    for index in range(0, len(words), 2):
        s0 = (s0 + words[index] + s1) & 0xFFFFFFFF
        s1 = (s1 + words[index + 1] + s0) & 0xFFFFFFFF
    return s0, s1


def _stored(data: bytes) -> tuple[int, int]:
    first, second = struct.unpack(">II", data[:8])
    return first, second


def _order(header: bytes) -> str | None:
    return _MAGIC.get(int.from_bytes(header[:4], "big")) if len(header) == _HEADER else None


def _read(file: BinaryIO, place: int, size: int) -> bytes | None:
    file.seek(place)
    data = file.read(size)
    return data if len(data) == size else None


def _write(file: BinaryIO, place: int, data: bytes) -> None:
    file.seek(place)
    file.write(data)
