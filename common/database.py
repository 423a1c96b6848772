"""SQLite as the rooms use it: durable, migrated in order, refused when from the future."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from sqlite_utils import Database, Migrations

from common.errors import OperatorError


def connect(path: Path, *, read_only: bool = False) -> sqlite3.Connection:
    """Open ``path`` in WAL mode with synchronous=FULL; statements autocommit unless in BEGIN.

    Rows come as `sqlite3.Row`. A reader's connection refuses writes.
    """
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA busy_timeout = 30000")
    if read_only:
        connection.execute("PRAGMA query_only = ON")
    return connection


def migrate(path: Path, migrations: Migrations) -> None:
    """Bring ``path`` to the newest schema, each step in one transaction.

    Raises:
        OperatorError: the file was written by a newer version, or is not a database.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = connect(path)
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    try:
        database = Database(connection)
        known = {step.name for step in migrations._migrations}  # no public listing
        ahead = [step.name for step in migrations.applied(database) if step.name not in known]
        if ahead:
            raise OperatorError(
                f"The database {path} was written by a newer version of Callstead "
                f"(it has the step {ahead[-1]!r}). Install that version again, "
                "or restore an older backup."
            )
        migrations.apply(database)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError as error:
        raise _unreadable(path, error) from error
    finally:
        connection.close()


def _unreadable(path: Path, error: sqlite3.DatabaseError) -> OperatorError:
    return OperatorError(
        f"The database {path} cannot be opened ({error}). The communications server saves what "
        "can be read of its own when it starts; restore any other from the last backup, or move "
        "it away to start empty."
    )
