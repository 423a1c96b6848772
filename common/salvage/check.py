"""Whether a database is what it was when it was written."""

from __future__ import annotations

import contextlib
import json
import sqlite3
import time
import zlib
from pathlib import Path
from typing import Any

from sqlite_utils import Database, Migrations

from common.atomic import write_json
from common.database import connect
from common.salvage.pages import Pages
from common.salvage.records import DamagedError

_DAMAGE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_DAMAGED_READS = {
    sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_SHORT_READ, sqlite3.SQLITE_IOERR_CORRUPTFS
}  # fmt: skip
_STEPS = 100_000  # of SQLite's machine between two looks at the clock
_MAGIC = b"SQLite format 3\0"
# Page size 4096, rollback or log, no reserved bytes, and three fixed fractions.
_FORMATS = (b"\x10\x00\x01\x01\x00\x40\x20\x20", b"\x10\x00\x02\x02\x00\x40\x20\x20")


def is_damage(error: BaseException) -> bool:
    """Whether SQLite says that the file's bytes are not what they should be, or cannot be read."""
    code = getattr(error, "sqlite_errorcode", None)
    if code is not None:
        return code & 0xFF in _DAMAGE or code in _DAMAGED_READS
    # Text that is no UTF-8 any more: said by Python, without a number.
    return isinstance(error, sqlite3.OperationalError) and "Could not decode" in str(error)


def trouble(database: Path, migrations: Migrations, seconds: float) -> str | None:
    """What is wrong with the file, in SQLite's words; None: nothing, or it took too long to tell.

    Args:
        database: may be missing.
        migrations: of the room, to tell a changed schema.
        seconds: the look at every page and index ends then.
    """
    if not database.exists() or not database.stat().st_size:
        return None
    try:
        return _head(database) or _inside(database, migrations, seconds)
    except DamagedError as error:
        return str(error)
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_INTERRUPT:
            return None
        if is_damage(error) or "malformed" in str(error):
            return str(error)
        raise


def _inside(database: Path, migrations: Migrations, seconds: float) -> str | None:
    with contextlib.closing(connect(database, read_only=True)) as connection:
        if not _schema_fits(database, connection, migrations):
            return "the schema has changed"
        until = time.monotonic() + seconds
        connection.set_progress_handler(lambda: time.monotonic() > until, _STEPS)
        said = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
        return None if said == "ok" else said


def roots_file(database: Path) -> Path:
    """Where `remember_roots` writes."""
    return database.with_name(f"{database.name}-roots")


def remember_roots(database: Path) -> None:
    """Note beside the file where its tables begin: its own note may be what gets damaged."""
    with contextlib.closing(connect(database, read_only=True)) as connection:
        roots = dict(
            connection.execute("SELECT name, rootpage FROM sqlite_master WHERE rootpage").fetchall()
        )
        schema = _schema_crc(connection)
    value = {"roots": roots, "schema": schema}
    value["crc"] = _crc(value)
    if _noted(database) != value:
        write_json(roots_file(database), value)


def roots_noted(database: Path) -> dict[str, int]:
    """What `remember_roots` noted; nothing when that is damaged or missing."""
    roots: dict[str, int] = _noted(database).get("roots", {})
    return roots


def _noted(database: Path) -> dict[str, Any]:
    try:
        value: dict[str, Any] = json.loads(roots_file(database).read_bytes())
        plain = {"roots": value["roots"], "schema": value["schema"]}
        return value if _crc(plain) == value["crc"] else {}
    except (OSError, ValueError, TypeError, KeyError):
        return {}


def _crc(value: object) -> int:
    return zlib.crc32(json.dumps(value, sort_keys=True).encode())


def _head(database: Path) -> str | None:
    """The first 100 bytes (section 1.3): most of them never change."""
    pages = Pages(database)
    try:
        head = pages.page(1)[:100]
    finally:
        pages.close()
    well = (
        head[:16] == _MAGIC
        and head[16:24] in _FORMATS
        and head[44:48] in (b"\0\0\0\0", b"\0\0\0\4")
        and not any(head[52:56])
        and head[56:60] in (b"\0\0\0\0", b"\0\0\0\1")
        and not any(head[64:68])
        and not any(head[72:92])
    )
    return None if well else "the head of the file has changed"


def _schema_fits(database: Path, connection: sqlite3.Connection, migrations: Migrations) -> bool:
    noted = _noted(database).get("schema")
    if noted is None or noted == _schema_crc(connection):
        return True
    # A newer version has just migrated it, and was killed before it could note that.
    fresh = Database(memory=True)
    try:
        migrations.apply(fresh)
        return _tables(fresh.conn) == _tables(connection)
    finally:
        fresh.close()


def _schema_crc(connection: sqlite3.Connection) -> int:
    rows = connection.execute(
        "SELECT type, name, tbl_name, rootpage, sql FROM sqlite_master ORDER BY type, name"
    )
    return _crc([list(row) for row in rows])


def _tables(connection: sqlite3.Connection) -> dict[str, str]:
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL")
    return {row[0]: row[1] for row in rows}
