"""What several tests of the appliance's parts stand on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from appliance.store.database import Database
from tests.support.migrated import migrated_database


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    """SQLite, with the newest schema."""
    with closing(migrated_database(tmp_path)) as made:
        yield made
