"""Log lines of all machines, searched by time, machine, program, level and words."""

from __future__ import annotations

from dataclasses import dataclass

from common.spool import Row, Store

LEVELS = ("fatal", "error", "warning", "info", "debug")
_COLUMNS = "id, at, machine, program, level, line"
_MOST_AROUND = 500


@dataclass(frozen=True)
class Filter:
    """What the lines are narrowed to.

    Attributes:
        first, last: stamps; lines outside are never looked at, which keeps a search quick.
        machine, program: exactly these; empty: all.
        level: this level or a graver one; empty: all.
        search: words, each of which stands in the line.
    """

    first: str
    last: str
    machine: str = ""
    program: str = ""
    level: str = ""
    search: str = ""


def search(store: Store, by: Filter, limit: int, offset: int = 0) -> list[Row]:
    """``{id, at, machine, program, level, line}``, the newest first."""
    where, values = ["at BETWEEN ? AND ?"], [by.first, by.last]
    for column in ("machine", "program"):
        if getattr(by, column):
            where.append(f"{column} = ?")
            values.append(getattr(by, column))
    if by.level in LEVELS:
        graver = LEVELS[: LEVELS.index(by.level) + 1]
        where.append(f"level IN ({', '.join('?' * len(graver))})")
        values += graver
    for word in by.search.split()[:10]:
        where.append("line LIKE ? ESCAPE '\\'")
        values.append(f"%{_escape(word)}%")
    return store.rows(
        f"SELECT {_COLUMNS} FROM log_lines WHERE {' AND '.join(where)} "  # noqa: S608 - our own words
        "ORDER BY at DESC, id DESC LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )


def lines_between(store: Store, first: str, last: str, moment: str) -> list[Row]:
    """All lines of a time in its order; the ones next to ``moment`` when there are too many."""
    rows = store.rows(
        f"SELECT {_COLUMNS} FROM log_lines WHERE at BETWEEN ? AND ? "  # noqa: S608 - our own words
        "ORDER BY abs(julianday(at) - julianday(?)) LIMIT ?",
        (first, last, moment, _MOST_AROUND),
    )
    return sorted(rows, key=lambda row: (row["at"], row["id"]))


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
