from __future__ import annotations

import contextlib
import shutil
import sqlite3
from pathlib import Path

import pytest

from common.errors import OperatorError
from common.salvage import Rescued, rescue
from common.spool import Store
from tests.support.waiting import until
from tests.unit.common.salvage.ground import content, fill, steps

PAGE = 4096


def nothing_more(_connection: sqlite3.Connection, _found: Rescued) -> None:
    """No further mending."""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    fill(tmp_path / "a.db")
    shutil.copy(tmp_path / "a.db", tmp_path / "before.db")
    return tmp_path / "a.db"


def damage(path: Path) -> None:
    """Zeros over an inner page of a table: whoever reads it is told by SQLite."""
    with contextlib.closing(sqlite3.connect(path)) as db:
        root = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'bodies'").fetchone()[0]
    with path.open("r+b") as file:
        file.seek((root - 1) * PAGE)
        file.write(bytes(PAGE))


@pytest.fixture
def store(path: Path):
    damage(path)
    mended: list[str] = []

    def mend(database: Path, trouble: str) -> None:
        rescue(database, steps(), nothing_more)
        mended.append(trouble)

    made = Store(path, steps(), mend=mend)
    made.mended = mended  # type: ignore[attr-defined]
    yield made
    made.close()


def test_what_a_reader_finds_damaged_is_mended_and_read_again(store, path):
    with pytest.raises(sqlite3.DatabaseError):
        store.rows("SELECT body FROM bodies")
    until(lambda: store.mended, 60, "the mending")
    rows = until(lambda: answered(store, "SELECT body FROM bodies"), 60, "an answer")
    assert len(rows) == 150
    assert store.rows("PRAGMA integrity_check") == [{"integrity_check": "ok"}]
    assert content(path) == content(path.with_name("before.db"))


def test_what_a_writer_finds_damaged_is_mended_and_the_next_write_holds(store):
    with pytest.raises(sqlite3.DatabaseError):
        store.execute("INSERT INTO bodies (id, dsn) VALUES (999, 1)")
    until(lambda: store.mended, 60, "the mending")
    until(lambda: written(store, "INSERT INTO bodies (id, dsn) VALUES (999, 1)"), 60, "room")
    assert store.value("SELECT dsn FROM bodies WHERE id = 999") == 1
    assert len(store.mended) == 1


def test_what_mending_does_not_help_is_not_mended_again_and_again(path):
    damage(path)
    tries: list[str] = []
    store = Store(path, steps(), mend=lambda _path, trouble: tries.append(trouble))
    try:
        for _ in range(5):
            with pytest.raises(sqlite3.DatabaseError):
                store.rows("SELECT body FROM bodies")
            until(
                lambda: written(
                    store, "INSERT INTO names (name, number) VALUES (hex(randomblob(9)), 1)"
                ),
                60,
                "a write",
            )
    finally:
        store.close()
    assert len(tries) == 1


def test_a_store_that_mends_nothing_says_what_sqlite_says(path):
    damage(path)
    store = Store(path, steps())
    try:
        with pytest.raises(sqlite3.DatabaseError, match="malformed"):
            store.rows("SELECT body FROM bodies")
        assert store.value("SELECT count(*) FROM names") == 147
    finally:
        store.close()


def test_errors_of_the_disk_are_told(path, monkeypatch):
    told: list[sqlite3.Error] = []
    store = Store(path, steps(), on_error=told.append)
    try:
        with pytest.raises(sqlite3.OperationalError):
            store.rows("SELECT * FROM nowhere")
        store.execute(f"PRAGMA max_page_count = {store.value('PRAGMA page_count')}")
        with pytest.raises(sqlite3.OperationalError, match="full"):
            store.execute("INSERT INTO bodies (dsn, body) VALUES (1, zeroblob(90000))")
    finally:
        store.close()
    assert [error.sqlite_errorname for error in told] == ["SQLITE_ERROR", "SQLITE_FULL"]


def answered(store: Store, sql: str) -> list[dict]:
    with contextlib.suppress(sqlite3.Error):
        return store.rows(sql)
    return []


def written(store: Store, sql: str) -> bool:
    with contextlib.suppress(sqlite3.Error):
        store.execute(sql)
        return True
    return False


def test_a_file_that_cannot_even_be_migrated_is_an_operators_matter(path):
    with path.open("r+b") as file:
        file.seek(100)
        file.write(b"\xff" * 8)
    with pytest.raises(OperatorError, match="saves what can be read"):
        Store(path, steps())
