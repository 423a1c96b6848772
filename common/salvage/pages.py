"""The pages of a database (section 1), each in its newest committed version."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from common.salvage.records import DamagedError, varint
from common.salvage.wal import frames, log_of

TABLE_LEAF, TABLE_INNER, INDEX_LEAF, INDEX_INNER = 0x0D, 0x05, 0x0A, 0x02
_KINDS = (TABLE_LEAF, TABLE_INNER, INDEX_LEAF, INDEX_INNER)


class Cell:
    """One entry of a page.

    Attributes:
        key: the rowid; 0 in an index.
        left: the child before it; 0 on a leaf.
        payload: the record, whole unless ``torn``; empty on an inner page of a table.
        torn: a part of it could not be found, and is zeros.
    """

    __slots__ = ("key", "left", "payload", "torn")

    def __init__(self, key: int, left: int, payload: bytes, *, torn: bool) -> None:
        self.key, self.left, self.payload, self.torn = key, left, payload, torn


class Pages:
    """Reads ``database`` and its log without SQLite; whoever holds it keeps both still."""

    def __init__(self, database: Path, size: int = 4096) -> None:
        self.size = size
        self._file: BinaryIO = database.open("rb")
        self._log: BinaryIO | None = None
        self._newer: dict[int, int] = {}
        self.count = database.stat().st_size // size
        log = log_of(database)
        if log.exists():
            self._log = log.open("rb")
            for frame in frames(log, size):
                self._newer[frame.page] = frame.offset
                self.count = frame.commit or self.count
        self.overflow: set[int] = set()  # pages that were read as the rest of a row

    def close(self) -> None:
        """Let go of the files."""
        self._file.close()
        if self._log:
            self._log.close()

    def page(self, number: int) -> bytes:
        """A page's bytes. Raises DamagedError: there is no such page."""
        if not 1 <= number <= self.count:
            raise DamagedError(f"there is no page {number}")
        file, place = self._file, (number - 1) * self.size
        if number in self._newer and self._log:
            file, place = self._log, self._newer[number]
        file.seek(place)
        data = file.read(self.size)
        if len(data) < self.size:
            raise DamagedError(f"page {number} is not whole")
        return data

    def kind(self, number: int) -> int:
        """Which kind of page it says it is."""
        return self.page(number)[100 if number == 1 else 0]

    def cells(self, number: int, kind: int) -> tuple[list[Cell], int, int]:
        """The readable entries of a page, its last child (0 on a leaf), and how many are not."""
        data = self.page(number)
        start = 100 if number == 1 else 0
        inner = kind in (TABLE_INNER, INDEX_INNER)
        count = int.from_bytes(data[start + 3 : start + 5], "big")
        last = int.from_bytes(data[start + 8 : start + 12], "big") if inner else 0
        place = start + (12 if inner else 8)
        bad = 0 if data[start] == kind else 1
        if place + 2 * count > self.size:
            count, bad = (self.size - place) // 2, bad + 1
        found = []
        for index in range(count):
            at = int.from_bytes(data[place + 2 * index : place + 2 * index + 2], "big")
            try:
                if at < place + 2:
                    raise DamagedError("an entry lies in the page's head")
                found.append(self._cell(data, at, kind))
            except DamagedError:
                bad += 1
        return found, last, bad

    def _cell(self, data: bytes, at: int, kind: int) -> Cell:
        left = 0
        if kind in (TABLE_INNER, INDEX_INNER):
            left, at = int.from_bytes(data[at : at + 4], "big"), at + 4
        if kind == TABLE_INNER:
            return Cell(varint(data, at)[0], left, b"", torn=False)
        size, at = varint(data, at)
        key = 0
        if kind == TABLE_LEAF:
            key, at = varint(data, at)
        if not 0 < size <= self.count * self.size:
            raise DamagedError("an entry is larger than the file")
        local = self._local(size, kind)
        payload = data[at : at + local]
        if len(payload) < local:
            raise DamagedError("an entry reaches beyond its page")
        if local == size:
            return Cell(key, left, payload, torn=False)
        rest, torn = self._rest(
            int.from_bytes(data[at + local : at + local + 4], "big"), size - local
        )
        return Cell(key, left, payload + rest, torn=torn)

    def _local(self, size: int, kind: int) -> int:
        """How much of a payload lies on the page itself (section 1.6)."""
        most = self.size - 35 if kind == TABLE_LEAF else (self.size - 12) * 64 // 255 - 23
        if size <= most:
            return size
        least = (self.size - 12) * 32 // 255 - 23
        some = least + (size - least) % (self.size - 4)
        return some if some <= most else least

    def _rest(self, number: int, size: int) -> tuple[bytes, bool]:
        """What lies on the pages that follow one another; zeros for what is not there."""
        parts, missing, seen = [], size, set[int]()
        while missing:
            if number in seen or not 1 < number <= self.count:
                parts.append(bytes(missing))
                return b"".join(parts), True
            seen.add(number)
            self.overflow.add(number)
            data = self.page(number)
            part = data[4 : 4 + missing]
            parts.append(part)
            missing -= len(part)
            number = int.from_bytes(data[:4], "big")
        return b"".join(parts), number != 0

    def free(self) -> set[int]:
        """Pages that hold nothing (section 1.5), as far as their list can be read."""
        number, found = int.from_bytes(self.page(1)[32:36], "big"), set[int]()
        while 1 < number <= self.count and number not in found:
            found.add(number)
            data = self.page(number)
            count = min(int.from_bytes(data[4:8], "big"), (self.size - 8) // 4)
            found.update(int.from_bytes(data[8 + 4 * n : 12 + 4 * n], "big") for n in range(count))
            number = int.from_bytes(data[:4], "big")
        return found

    def says_something(self, number: int) -> bool:
        """Whether a page looks like a part of a tree."""
        try:
            return self.kind(number) in _KINDS
        except DamagedError:
            return False
