from __future__ import annotations

import importlib
import pkgutil
import sqlite3
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from appliance import store
from appliance.domain.audit import verify
from appliance.domain.roles import Role
from appliance.domain.users import NameTakenError
from appliance.store import database as database_module
from appliance.store.audit import SqlAudit
from appliance.store.database import Database, database_url
from appliance.store.facts import storage_facts
from appliance.store.migrate import current_schema, migrate, newest_schema
from appliance.store.models import Base
from appliance.store.users import SqlUsers
from common.errors import OperatorError
from tests.support.clock import FakeClock


@pytest.fixture
def database(tmp_path: Path):
    opened = Database(database_url("", tmp_path))
    yield opened
    opened.close()


def test_an_empty_database_gets_the_newest_schema_and_it_is_what_the_models_say(database, tmp_path):
    assert current_schema(database) == ""
    migrate(database, tmp_path)
    assert current_schema(database) == newest_schema()
    for module in pkgutil.iter_modules(store.__path__):  # any of them may have tables
        importlib.import_module(f"{store.__name__}.{module.name}")
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, Base.metadata) == []


def test_migrating_twice_changes_nothing(database, tmp_path):
    migrate(database, tmp_path)
    migrate(database, tmp_path)
    assert current_schema(database) == newest_schema()


def test_a_database_from_the_future_is_refused_with_one_sentence(database, tmp_path):
    migrate(database, tmp_path)
    with database.write() as session:
        session.execute(text("update alembic_version set version_num = '9999'"))
    with pytest.raises(OperatorError, match=r"newer version of Callstead.*'9999'"):
        migrate(database, tmp_path)


def test_a_step_that_fails_leaves_nothing_of_itself(database, tmp_path):
    with database.write() as session:
        session.execute(text("create table sign_in_failures (x)"))  # the step will stumble over it
    with pytest.raises(OperationalError, match="already exists"):
        migrate(database, tmp_path)
    with database.read() as session:
        tables = set(session.scalars(text("select name from sqlite_master where type = 'table'")))
    assert "users" not in tables
    assert current_schema(database) == ""


def test_two_programs_that_start_together_migrate_once(tmp_path):
    troubles: list[Exception] = []

    def start() -> None:
        opened = Database(database_url("", tmp_path))
        try:
            migrate(opened, tmp_path)
        except Exception as error:  # noqa: BLE001 - shown by the assertion
            troubles.append(error)
        finally:
            opened.close()

    threads = [threading.Thread(target=start) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert troubles == []


def test_the_file_is_durable_and_readers_do_not_wait(database, tmp_path):
    migrate(database, tmp_path)
    with database.engine.connect() as connection:
        assert connection.scalar(text("pragma journal_mode")) == "wal"
        assert connection.scalar(text("pragma synchronous")) == 2
        assert connection.scalar(text("pragma foreign_keys")) == 1
    with database.write() as writing:
        writing.execute(text("insert into audit values (1, '', 'a', 'b', '', '', '')"))
        with database.read() as reading:
            assert reading.scalar(text("select count(*) from audit")) == 0


def test_a_reader_cannot_write(database, tmp_path):
    migrate(database, tmp_path)
    with database.read() as session, pytest.raises(OperationalError, match="readonly"):
        session.execute(text("delete from audit"))


def test_a_file_that_is_no_database_gives_one_sentence(tmp_path):
    (tmp_path / "appliance.db").write_bytes(b"this is not a database at all" * 100)
    with pytest.raises(OperatorError, match=r"appliance\.db cannot be opened"):
        Database(database_url("", tmp_path))


@pytest.mark.parametrize(
    "url",
    ["nonsense", "oracle9://host/name", "postgresql+pg8000://h/n", "postgresql+psycopg://h/n"],
)
def test_an_address_that_cannot_work_gives_one_sentence(url, tmp_path):
    with pytest.raises(OperatorError, match=r"appliance\.database_url"):
        Database(database_url(url, tmp_path))


def test_a_password_in_the_address_is_never_shown(tmp_path):
    url = database_url("postgresql+pg8000://me:hunter2@host/name", tmp_path)
    assert "hunter2" not in url.render_as_string()


def test_facts_of_a_broken_database_say_what_is_wrong(database, tmp_path):
    migrate(database, tmp_path)
    assert storage_facts(database).schema == newest_schema()
    assert storage_facts(database).size > 0
    database.close()
    for file in tmp_path.glob("appliance.db*"):
        file.unlink()
    (tmp_path / "appliance.db").write_bytes(b"x" * 4096)
    assert "not a database" in storage_facts(database).trouble


def test_names_are_unique_and_only_first_adds_nobody_to_a_full_house(database, tmp_path):
    migrate(database, tmp_path)
    users = SqlUsers(database, FakeClock())
    assert users.add("admin", "A", Role.ADMINISTRATOR, "hash", only_first=True)
    assert users.add("other", "B", Role.ADMINISTRATOR, "hash", only_first=True) is None
    with pytest.raises(NameTakenError):
        users.add("admin", "C", Role.AGENT, "hash", only_first=False)
    assert [user.display_name for user in users.all()] == ["A"]


def test_what_is_written_is_read_back_as_it_was(database, tmp_path):
    clock = FakeClock()
    migrate(database, tmp_path)
    users = SqlUsers(database, clock)
    added = users.add("li", "李雷", Role.AGENT, "hash", only_first=False)
    assert added is not None
    assert users.by_name("li") == added
    assert added.created_at == clock.now()
    users.set_password("li", "new", must_change=False)
    users.signed_in("li")
    changed = users.by_name("li")
    assert changed is not None
    assert (changed.password_hash, changed.must_change_password) == ("new", False)
    assert changed.generation == added.generation + 1
    assert changed.last_sign_in == clock.now()


def test_the_record_keeps_its_order_and_cuts_what_a_stranger_made_long(database, tmp_path):
    migrate(database, tmp_path)
    audit = SqlAudit(database, FakeClock())
    audit.record("admin", "user.added", "x" * 1000, "10.0.0.1")
    audit.record("system", "started")
    newest, oldest = audit.latest(10)
    assert (newest.what, oldest.who) == ("started", "admin")
    assert len(oldest.subject) == 200


def test_the_file_is_plain_sqlite(database, tmp_path):
    migrate(database, tmp_path)
    connection = sqlite3.connect(tmp_path / "appliance.db")
    try:
        assert connection.execute("pragma integrity_check").fetchone() == ("ok",)
    finally:
        connection.close()


def test_a_record_from_before_the_chain_is_chained_and_its_numbers_close_up(database, tmp_path):
    migrate(database, tmp_path, to="0002")
    with database.write() as session:
        for number in (1, 2, 5):
            session.execute(
                text("insert into audit values (:n, :at, 'anna', 'user.added', '李雷', '::1')"),
                {"n": number, "at": f"2026-11-2{number}T09:00:00.000Z"},
            )
    migrate(database, tmp_path)
    lines = list(SqlAudit(database, FakeClock()).everything())
    assert [line.number for line in lines] == [1, 2, 3]
    assert verify(lines).broken is None


def test_the_log_goes_into_the_file_beside_the_writer_and_does_not_grow(database, tmp_path):
    migrate(database, tmp_path)
    for _ in range(20):
        with database.write() as session:
            session.execute(text("CREATE TABLE x (y)"))
            session.execute(text("DROP TABLE x"))
        database.checkpoint()
    log = tmp_path / "appliance.db-wal"
    few = log.stat().st_size
    for _ in range(20):
        with database.write() as session:
            session.execute(text("CREATE TABLE x (y)"))
            session.execute(text("DROP TABLE x"))
        database.checkpoint()
    assert log.stat().st_size <= few
    other = sqlite3.connect(f"file:{tmp_path / 'appliance.db'}?immutable=1", uri=True)  # no log
    assert other.execute("SELECT count(*) FROM live_events").fetchone() == (0,)
    other.close()


def test_the_log_begins_anew_though_somebody_writes_all_the_time(database, tmp_path, monkeypatch):
    migrate(database, tmp_path)
    monkeypatch.setattr(database_module, "_LONG_LOG", 20)
    move_log, alone = database_module._move_log, [False]

    def write():
        with database.write() as session:
            session.execute(text("CREATE TABLE x (y)"))
            session.execute(text("DROP TABLE x"))

    def move_and_be_overtaken(cursor):
        found = move_log(cursor)
        held.append(found[0])
        if not alone[0]:
            write()
        return found

    @contextmanager
    def turn():
        alone[0] = True
        yield
        alone[0] = False

    monkeypatch.setattr(database_module, "_move_log", move_and_be_overtaken)
    monkeypatch.setattr(database, "turn", turn)
    held = []
    for _ in range(60):
        write()
        database.checkpoint()
    assert max(held[-20:]) <= 40
