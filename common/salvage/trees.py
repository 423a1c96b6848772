"""Trees of pages (section 1.6): every row that can be reached, and those that cannot any more.

A page that was damaged takes its own rows with it and, when it was an inner one, the way to the
rows below. Those are found again: in a sound file each page belongs to something, so a page that
nothing leads to belongs to the tree that has lost its way.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from common.salvage.pages import INDEX_INNER, INDEX_LEAF, TABLE_INNER, TABLE_LEAF, Pages
from common.salvage.records import DamagedError, Value, values

Row = tuple[int, list[Value]]


class Tree:
    """One table, or index; `rows` walks it and notes what it found on the way.

    Attributes:
        seen: the pages that it holds.
        damaged: of these, the ones that are not what they should be.
        lost: entries that could not be read.
        torn: rowids of rows whose last part is missing.
    """

    def __init__(
        self,
        pages: Pages,
        root: int,
        fits: Callable[[list[Value]], bool] = bool,
        looks_like: Callable[[list[Value]], bool] = bool,
        *,
        keyed: bool,
    ) -> None:
        self._pages, self._root, self._fits, self._looks_like = pages, root, fits, looks_like
        self._leaf, self._inner = (INDEX_LEAF, INDEX_INNER) if keyed else (TABLE_LEAF, TABLE_INNER)
        self.keyed = keyed
        self.seen: set[int] = set()
        self.damaged: set[int] = set()
        self.lost = 0
        self.torn: set[int] = set()

    def rows(self) -> Iterator[Row]:
        """``(rowid, values)`` of everything that can be reached; the rowid is 0 with ``keyed``."""
        waiting = [self._root]
        while waiting:
            number = waiting.pop()
            if number in self.seen or not 1 <= number <= self._pages.count:
                self.damaged.add(self._root if number in self.seen else number)
                continue
            self.seen.add(number)
            kind = self._pages.kind(number)
            if kind not in (self._leaf, self._inner):
                self.damaged.add(number)
                kind = self._leaf  # its entries may still be there
            below, rows = self._page(number, kind)
            waiting += below
            yield from rows

    def of_page(self, number: int) -> list[Row]:
        """The rows of a page that nothing leads to; empty when they are not this table's."""
        kind = self._pages.kind(number)
        if kind != self._leaf and not (self.keyed and kind == self._inner):
            return []
        before = self.lost, set(self.damaged), set(self.torn)
        _below, rows = self._page(number, kind)
        if not rows or not all(self._looks_like(row) for _key, row in rows):
            self.lost, self.damaged, self.torn = before
            return []
        return rows

    def _page(self, number: int, kind: int) -> tuple[list[int], list[Row]]:
        cells, last, bad = self._pages.cells(number, kind)
        rows: list[Row] = []
        for cell in cells:
            if kind == TABLE_INNER:
                continue
            try:
                found = values(cell.payload)
            except DamagedError:
                bad += 1
                continue
            if not self._fits(found):
                bad += 1
                continue
            if cell.torn:
                self.torn.add(cell.key)
                self.damaged.add(number)
            rows.append((cell.key, found))
        if bad:
            self.damaged.add(number)
            self.lost += bad
        inner = kind == self._inner
        return ([cell.left for cell in cells] + [last] if inner else []), rows
