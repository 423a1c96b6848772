from __future__ import annotations

import sqlite3
import threading

import pytest
from sqlite_utils import Migrations

from common.database import connect, migrate
from common.errors import OperatorError
from common.spool import Store


def steps(*names):
    made = Migrations("test")
    for name in names:
        made(name=name)(lambda db, name=name: db.execute(f"CREATE TABLE {name} (x)"))
    return made


@pytest.fixture
def store(tmp_path):
    opened = Store(tmp_path / "t.db", steps("a"))
    yield opened
    opened.close()


def test_what_write_answered_is_seen_by_a_connection_of_its_own(store, tmp_path):
    store.execute("INSERT INTO a VALUES (?)", (1,))
    other = connect(tmp_path / "t.db", read_only=True)
    assert other.execute("SELECT count(*) FROM a").fetchone()[0] == 1
    other.close()


def test_many_writers_share_commits_and_nobodys_work_is_lost(tmp_path):
    commits = []
    store = Store(tmp_path / "t.db", steps("a"), on_commit=lambda: commits.append(1))
    gate = threading.Event()
    store.submit(lambda _c: gate.wait(10))  # the writer is busy while the others queue up
    futures = [
        store.submit(lambda c, n=n: c.execute("INSERT INTO a VALUES (?)", (n,))) for n in range(50)
    ]
    gate.set()
    for future in futures:
        future.result(10)
    assert store.value("SELECT count(*) FROM a") == 50
    assert len(commits) <= 3
    store.close()


def test_one_that_fails_undoes_only_itself(store):
    gate = threading.Event()
    store.submit(lambda _c: gate.wait(10))
    good = store.submit(lambda c: c.execute("INSERT INTO a VALUES (1)"))

    def half(connection):
        connection.execute("INSERT INTO a VALUES (2)")
        raise ValueError("half-way")

    bad = store.submit(half)
    also = store.submit(lambda c: c.execute("INSERT INTO a VALUES (3)"))
    gate.set()
    good.result(10)
    also.result(10)
    with pytest.raises(ValueError, match="half-way"):
        bad.result(10)
    assert [r["x"] for r in store.rows("SELECT x FROM a ORDER BY x")] == [1, 3]


def test_readers_cannot_write(store):
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        store.rows("INSERT INTO a VALUES (1)")


def test_closing_commits_what_waits_and_later_writes_are_refused(tmp_path):
    store = Store(tmp_path / "t.db", steps("a"))
    futures = [store.submit(lambda c: c.execute("INSERT INTO a VALUES (1)")) for _ in range(5)]
    store.close()
    assert all(future.done() for future in futures)
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        store.execute("INSERT INTO a VALUES (1)")


def test_a_database_from_the_future_is_refused_with_a_sentence(tmp_path):
    migrate(tmp_path / "t.db", steps("a", "b"))
    with pytest.raises(OperatorError, match="newer version of Callstead"):
        migrate(tmp_path / "t.db", steps("a"))


def test_a_step_that_fails_leaves_nothing_of_itself(tmp_path):
    broken = steps("a")

    @broken(name="b")
    def b(db):
        db.execute("CREATE TABLE b (x)")
        raise RuntimeError("power cut")

    with pytest.raises(RuntimeError):
        migrate(tmp_path / "t.db", broken)
    migrate(tmp_path / "t.db", steps("a", "b"))


def test_a_file_that_is_no_database_is_told_in_a_sentence(tmp_path):
    (tmp_path / "t.db").write_bytes(b"not a database, " * 100)
    with pytest.raises(OperatorError, match="cannot be opened"):
        migrate(tmp_path / "t.db", steps("a"))


def test_a_full_disk_fails_the_caller_and_keeps_the_store_usable(store):
    store.write(lambda c: c.execute("PRAGMA max_page_count = 5"))
    with pytest.raises(sqlite3.OperationalError, match="full"):
        store.execute("INSERT INTO a VALUES (?)", (b"x" * 100_000,))
    store.write(lambda c: c.execute("PRAGMA max_page_count = 1000"))
    store.execute("INSERT INTO a VALUES (?)", (b"x" * 100_000,))
    assert store.value("SELECT count(*) FROM a") == 1
