"""The databases that the appliance can stand on: what runs on one must run on the other."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import delete

from appliance.store.database import Database, database_url
from appliance.store.migrate import migrate
from appliance.store.models import Base
from tests.support.postgres import postgres


@contextlib.contextmanager
def _opened(url: str, folder: Path) -> Iterator[Database]:
    opened = Database(database_url(url, folder))
    migrate(opened, folder)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def sqlite_database(tmp_path_factory) -> Iterator[Database]:
    with _opened("", tmp_path_factory.mktemp("sqlite")) as database:
        yield database


@pytest.fixture(scope="session")
def postgresql_database(tmp_path_factory) -> Iterator[Database]:
    folder = tmp_path_factory.mktemp("postgresql")
    with postgres() as server, _opened(server.new_database(), folder) as database:
        yield database


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    found: Database = request.getfixturevalue(f"{request.param}_database")
    return found


@pytest.fixture
def empty_database(database: Database) -> Database:
    """Without what the tests before have left."""
    with database.write() as session:
        for table in reversed(Base.metadata.sorted_tables):
            if table.name != "audit":  # that one cannot be emptied
                session.execute(delete(table))
    return database
