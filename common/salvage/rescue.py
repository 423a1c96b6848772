"""Everything that can still be read of a damaged database, in a fresh one.

FILE.mending   being filled; a kill leaves it, and it is made anew
FILE.mended    whole and durable: from here on it is the database, see `finish`
FILE           the fresh one
FILE.damaged-TIME, with its log: kept for people
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from sqlite_utils import Migrations

from common.atomic import fsync_folder
from common.database import connect, migrate
from common.salvage.check import roots_noted
from common.salvage.pages import Pages
from common.salvage.records import DamagedError, Value
from common.salvage.trees import Row, Tree

_MOST_PAGES = 16
_SCHEMA = "sqlite_master"
_OWN = {"_sqlite_migrations", "sqlite_sequence"}  # the fresh file has its own
_PENDING_BYTE = 0x40000000  # SQLite never uses the page that holds this byte


@dataclass
class Rescued:
    """What became of a damaged file.

    Attributes:
        kept_as: where the damaged file lies now.
        rows: how many came over.
        lost: by table, entries that could not be read; a table is named even with 0, when a
            page of it was damaged and nobody can say what stood there.
        torn: by table, rowids of rows whose last part is missing and was filled with zeros.
        pages: ``(table, bytes)`` of damaged pages, the first few.
    """

    kept_as: Path
    rows: int = 0
    lost: dict[str, int] = field(default_factory=dict)
    torn: dict[str, set[int]] = field(default_factory=dict)
    pages: list[tuple[str, bytes]] = field(default_factory=list)
    indexes: dict[str, list[list[Value]]] = field(default_factory=dict)


PutRight = Callable[[sqlite3.Connection, Rescued], None]


@dataclass(frozen=True)
class _Table:
    name: str
    columns: tuple[str, ...]  # in the order of the record
    kinds: tuple[str, ...]
    needed: tuple[bool, ...]  # never NULL in a record
    alias: int | None  # which column is the rowid itself
    keyed: bool  # WITHOUT ROWID

    def fits(self, row: list[Value]) -> bool:
        """Whether a record can be one of this table's."""
        return 0 < len(row) <= len(self.columns) and not any(
            value is None and needed for value, needed in zip(row, self.needed, strict=False)
        )

    def looks_like(self, row: list[Value]) -> bool:
        """Whether its values are of the declared kinds, too."""
        allowed: dict[str, tuple[type, ...]] = {
            "INTEGER": (int,),
            "TEXT": (str,),
            "BLOB": (bytes, str),
        }
        return len(row) == len(self.columns) and all(
            value is None or isinstance(value, allowed.get(kind, (object,)))
            for value, kind in zip(row, self.kinds, strict=True)
        )


def rescue(database: Path, migrations: Migrations, put_right: PutRight) -> Rescued:
    """Put a fresh database in the place of a damaged one.

    Nobody else may have it open for writing. ``put_right`` mends what the loss has torn apart,
    within the transaction that fills the fresh file; there ``indexes`` holds the entries of every
    index, which repeat what stood in rows that are lost.

    Raises OSError or sqlite3.Error: there was no room for it; the damaged file is as it was.
    """
    fresh = database.with_name(f"{database.name}.mending")
    _remove(fresh)
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%S")
    found = Rescued(database.with_name(f"{database.name}.damaged-{now}"))
    try:
        migrate(fresh, migrations)
        with contextlib.closing(connect(fresh)) as connection, _pages(database) as pages:
            connection.execute("PRAGMA foreign_keys = OFF")
            connection.execute("BEGIN IMMEDIATE")
            _copy(pages, roots_noted(database), connection, found)
            put_right(connection, found)
            connection.execute("COMMIT")
            said = connection.execute("PRAGMA integrity_check(1)").fetchone()[0]
            if said != "ok":
                raise sqlite3.DatabaseError(f"the fresh file is not well either: {said}")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        found.indexes.clear()
    except BaseException:
        _remove(fresh)
        raise
    moment = datetime.strptime(now, "%Y%m%dT%H%M%S").replace(tzinfo=UTC).timestamp()
    os.utime(fresh, (moment, moment))  # `finish` names the damaged one after it
    with fresh.open("rb") as file:
        os.fsync(file.fileno())
    fresh.rename(database.with_name(f"{database.name}.mended"))
    finish(database)
    return found


def finish(database: Path) -> bool:
    """Let a rescue take effect that a kill cut short; whether there was one."""
    mended = database.with_name(f"{database.name}.mended")
    if not mended.exists():
        return False
    fsync_folder(database.parent)
    at = datetime.fromtimestamp(mended.stat().st_mtime, UTC).strftime("%Y%m%dT%H%M%S")
    aside = database.with_name(f"{database.name}.damaged-{at}")
    if database.exists() and not aside.exists():
        os.link(database, aside)
    for ending in ("-wal", "-shm"):
        part = database.with_name(database.name + ending)
        if part.exists():
            part.replace(aside.with_name(aside.name + ending))
        _remove(Path(f"{mended}{ending}"))
    mended.replace(database)
    fsync_folder(database.parent)
    return True


@contextlib.contextmanager
def _pages(database: Path) -> Iterator[Pages]:
    pages = Pages(database)
    try:
        yield pages
    finally:
        pages.close()


def _copy(
    pages: Pages, noted: dict[str, int], connection: sqlite3.Connection, found: Rescued
) -> None:
    roots = _roots(pages) | noted
    tables = _tables(connection)
    for table in tables:
        connection.execute(f"DELETE FROM {table.name}")  # noqa: S608 - a name of our schema
    trees: dict[str, tuple[Tree, _Table]] = {}
    seen = {1}
    for table in tables:
        if table.name not in roots:
            continue
        tree = Tree(pages, roots[table.name], table.fits, table.looks_like, keyed=table.keyed)
        trees[table.name] = tree, table
        found.rows += _insert(connection, table, tree.rows())
        seen |= tree.seen
    for name, root in roots.items():
        if name not in trees and name not in _OWN:
            index = Tree(pages, root, keyed=True)
            found.indexes[name] = [row for _key, row in index.rows()]
            seen |= index.seen
    for name in _OWN & set(roots):
        other = Tree(pages, roots[name], keyed=False)
        for _row in other.rows():
            pass
        seen |= other.seen
    _strays(pages, trees, seen, connection, found)
    for name, (tree, _table) in trees.items():
        if tree.damaged:
            found.lost[name] = tree.lost
            found.pages += [(name, _page(pages, n)) for n in sorted(tree.damaged)]
        if tree.torn:
            found.torn[name] = tree.torn
    del found.pages[_MOST_PAGES:]


def _strays(
    pages: Pages,
    trees: dict[str, tuple[Tree, _Table]],
    seen: set[int],
    connection: sqlite3.Connection,
    found: Rescued,
) -> None:
    """The rows of pages that nothing leads to any more."""
    seen = seen | pages.overflow | {_PENDING_BYTE // pages.size + 1}
    with contextlib.suppress(DamagedError):
        seen |= pages.free()
    strays = [n for n in range(2, pages.count + 1) if n not in seen and pages.says_something(n)]
    hurt = [pair for pair in trees.values() if pair[0].damaged]
    for number in strays:
        for tree, table in hurt or list(trees.values()):
            rows = tree.of_page(number)
            if rows:
                found.rows += _insert(connection, table, iter(rows))
                tree.damaged.add(number) if not hurt else None
                break


def _roots(pages: Pages) -> dict[str, int]:
    """Where tables and indexes begin, as far as the file itself still says."""
    tree = Tree(pages, 1, lambda row: len(row) == 5, keyed=False)
    return {
        str(row[1]): row[3] for _key, row in tree.rows() if isinstance(row[3], int) and row[3] > 1
    }


def _tables(connection: sqlite3.Connection) -> list[_Table]:
    names = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE type = 'table' ORDER BY rowid"
    ).fetchall()
    return [
        _table(connection, name, "WITHOUT ROWID" in sql.upper())
        for name, sql in names
        if name not in _OWN
    ]


def _table(connection: sqlite3.Connection, name: str, keyed: bool) -> _Table:
    columns = connection.execute(f"PRAGMA table_info({name})").fetchall()
    keys = sorted((c for c in columns if c["pk"]), key=lambda c: c["pk"])
    alias = None
    if keyed:  # the key's columns come first
        columns = keys + [c for c in columns if not c["pk"]]
    elif len(keys) == 1 and keys[0]["type"].upper() == "INTEGER":
        alias = columns.index(keys[0])
    return _Table(
        name,
        tuple(c["name"] for c in columns),
        tuple(c["type"].upper() for c in columns),
        tuple(bool(c["notnull"] or (keyed and c["pk"])) and n != alias
              for n, c in enumerate(columns)),
        alias,
        keyed,
    )  # fmt: skip


def _insert(connection: sqlite3.Connection, table: _Table, rows: Iterator[Row]) -> int:
    count = 0
    for key, row in rows:
        names, given = list(table.columns[: len(row)]), list(row)
        if table.alias is not None and table.alias < len(given):
            given[table.alias] = key
        elif not table.keyed:
            names, given = ["rowid", *names], [key, *given]
        marks = ", ".join("?" * len(given))
        done = connection.execute(
            f"INSERT OR IGNORE INTO {table.name} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 - names of our schema
            given,
        )
        count += done.rowcount
    return count


def _page(pages: Pages, number: int) -> bytes:
    try:
        return pages.page(number)
    except DamagedError:
        return b""


def _remove(file: Path) -> None:
    for ending in ("", "-wal", "-shm", "-journal"):
        Path(f"{file}{ending}").unlink(missing_ok=True)
