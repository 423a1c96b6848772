"""A folder whose database has the newest schema already; the steps run once in a process.

That the steps make it of an empty folder is what `tests/unit/appliance/test_store.py` proves.
"""

from __future__ import annotations

import functools
import tempfile
from contextlib import closing
from pathlib import Path

from appliance.store.database import Database, database_url
from appliance.store.migrate import migrate


@functools.cache
def _model() -> bytes:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with closing(Database(database_url("", folder))) as database:
            migrate(database, folder)
        return (folder / "appliance.db").read_bytes()


def lay_database(folder: Path) -> None:
    """What a first start in ``folder`` would make; a database that is there stays."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    file = folder / "appliance.db"
    if not file.exists():
        file.write_bytes(_model())


def migrated_database(folder: Path) -> Database:
    """The same, opened."""
    lay_database(folder)
    return Database(database_url("", folder))
