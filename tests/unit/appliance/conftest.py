"""What several tests of the appliance's parts stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store.database import Database, database_url
from appliance.store.migrate import migrate


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite, with the newest schema."""
    with closing(Database(database_url("", tmp_path))) as made:
        migrate(made, tmp_path)
        yield made
