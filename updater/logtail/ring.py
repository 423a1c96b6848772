"""The lines kept on this computer, and how far each file was read: one transaction for both."""

from __future__ import annotations

import dataclasses
import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from common.spool import Row, Store
from updater.logtail.rotation import Position

_OVERHEAD = 60  # bytes of a row beside its line
_COLUMNS = tuple(field.name for field in dataclasses.fields(Position))


@dataclass(frozen=True)
class Line:
    """One record: ``at`` is a stamp of this computer's clock."""

    at: str
    program: str
    level: str
    line: str
    error: bool


@dataclass(frozen=True)
class Waiting:
    """Lines to be sent: ``rows`` have ``seq, at, program, level, line, error``."""

    ring: str
    rows: list[Row]
    lost: int


class Ring:
    """The tables ``log_*`` of the updater's database."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def positions(self) -> dict[str, Position]:
        """By path."""
        rows = self._store.rows("SELECT * FROM log_positions")
        return {row["path"]: Position(**{**row, "skipping": bool(row["skipping"])}) for row in rows}

    def forget(self, path: str) -> None:
        """Nothing is left of the file, or nobody wants it any more."""
        self._store.execute("DELETE FROM log_positions WHERE path = ?", (path,))

    def only(self, patterns: Iterable[str]) -> None:
        """Forget patterns that are followed no more: later they would be new again."""
        wanted = set(patterns)
        for row in self._store.rows("SELECT pattern FROM log_patterns"):
            if row["pattern"] not in wanted:
                self._store.execute("DELETE FROM log_patterns WHERE pattern = ?", (row["pattern"],))

    def knows(self, pattern: str) -> bool:
        """Whether the pattern was followed before."""
        found = self._store.value("SELECT 1 FROM log_patterns WHERE pattern = ?", (pattern,))
        return found is not None

    def begin(self, pattern: str, positions: Iterable[Position]) -> None:
        """The pattern is followed from now on; these files of it were there before."""

        def work(connection: sqlite3.Connection) -> None:
            for position in positions:
                _place(connection, position)
            connection.execute("INSERT OR IGNORE INTO log_patterns VALUES (?)", (pattern,))

        self._store.write(work)

    def keep(self, position: Position, lines: list[Line], most: int) -> None:
        """Keep ``lines`` and the place after them; let the oldest go beyond ``most`` bytes."""

        def work(connection: sqlite3.Connection) -> None:
            _place(connection, position)
            sizes = [len(one.line.encode("utf-8", "replace")) + _OVERHEAD for one in lines]
            connection.executemany(
                "INSERT INTO log_lines (at, program, level, line, error, size) "
                "VALUES (?, ?, ?, ?, ?, ?)",
                [(*dataclasses.astuple(one), size)
                 for one, size in zip(lines, sizes, strict=True)],
            )  # fmt: skip
            connection.execute("UPDATE log_ring SET bytes = bytes + ?", (sum(sizes),))
            _trim(connection, most)

        self._store.write(work)

    def waiting(self, most_lines: int, most_bytes: int) -> Waiting:
        """The oldest lines that the communications server does not have, at least one if any."""
        ring = self._ring()
        rows: list[Row] = []
        size = 0
        for row in self._store.rows(
            "SELECT seq, at, program, level, line, error, size FROM log_lines "
            "WHERE seq > ? ORDER BY seq LIMIT ?",
            (ring["sent"], most_lines),
        ):
            size += row.pop("size")
            if rows and size > most_bytes:
                break
            rows.append(row)
        return Waiting(ring["id"], rows, ring["lost"])

    def sent(self, ring: str, accepted: int, lost: int) -> None:
        """The server has everything up to ``accepted``, and was told of ``lost`` lines.

        A number that was never given means that this database is older than the server's memory
        (a copy was put back): the numbering goes on under another name.
        """
        self._store.execute(
            "UPDATE log_ring SET lost = max(0, lost - ?), sent = CASE WHEN ? <= "
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'log_lines'), 0) "
            "THEN max(sent, ?) ELSE sent END, id = CASE WHEN ? <= "
            "coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'log_lines'), 0) "
            "THEN id ELSE lower(hex(randomblob(8))) END WHERE id = ?",
            (lost, accepted, accepted, accepted, ring),
        )

    def set_aside(self, last: int) -> None:
        """The server will never take the lines up to ``last``; they count as lost."""
        self._store.execute(
            "UPDATE log_ring SET lost = lost + (SELECT count(*) FROM log_lines "
            "WHERE seq > sent AND seq <= ?), sent = max(sent, ?)",
            (last, last),
        )

    def newest(self, limit: int) -> list[Row]:
        """The last lines, oldest first."""
        return self._store.rows(
            "SELECT seq, at, program, level, line FROM log_lines ORDER BY seq DESC LIMIT ?",
            (limit,),
        )[::-1]

    def _ring(self) -> Row:
        row = self._store.row("SELECT id, sent, bytes, lost FROM log_ring")
        assert row is not None  # noqa: S101 - made by the migration
        return row


def _place(connection: sqlite3.Connection, position: Position) -> None:
    marks = ", ".join("?" * len(_COLUMNS))
    connection.execute(
        f"INSERT OR REPLACE INTO log_positions ({', '.join(_COLUMNS)}) "  # noqa: S608 - our own words
        f"VALUES ({marks})",
        dataclasses.astuple(position),
    )


def _trim(connection: sqlite3.Connection, most: int) -> None:
    held, sent = connection.execute("SELECT bytes, sent FROM log_ring").fetchone()
    gone, last, lost = 0, 0, 0
    if held <= most:
        return
    for seq, size in connection.execute("SELECT seq, size FROM log_lines ORDER BY seq"):
        if held - gone <= most * 0.95:  # a little more at a time, and not at every line
            break
        gone, last, lost = gone + size, seq, lost + (seq > sent)
    connection.execute("DELETE FROM log_lines WHERE seq <= ?", (last,))
    connection.execute(
        "UPDATE log_ring SET bytes = bytes - ?, lost = lost + ?, sent = max(sent, ?)",
        (gone, lost, last),
    )
