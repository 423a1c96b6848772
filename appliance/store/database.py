"""One engine, two kinds of transaction: readers never wait, writers queue up at once.

SQLite in WAL mode lets readers go on beside one writer. A transaction that reads first and
writes later can be refused in the middle; so `Database.write` takes the writer's place at its
very start (BEGIN IMMEDIATE) and `Database.read` cannot write at all.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Engine, create_engine, event, func, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.orm import Session

from appliance.store.lost import know_lost_connections
from appliance.store.quick import WROTE, Line
from appliance.store.turn import Turn
from common.errors import OperatorError

_WRITES = "callstead_writes"
_LOCK = 0x0CA1157E  # one number for all nodes; any will do
_STARTING = _LOCK + 1
BUSY_SECONDS = 30
_LONG_LOG = 8_000  # pages, of 4 KiB
_LAST_BIT = 200  # pages that are moved while nobody writes; a few milliseconds
_CHECKPOINTS = 4  # before that, at most
_LONGEST_LOG = 16_000  # then a commit does what nobody else did
# A node whose machine or network died in the middle of a transaction must not hold up the others;
# nobody waits for the writer's place for longer than a request's sender waits for an answer.
_LIMITS = {
    "idle_in_transaction_session_timeout": "15s",
    "lock_timeout": "30s",
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "3",
}


Also = Callable[[Session, Any], None]  # gets what the use case answered, where there is one


def database_url(url: str, folder: Path) -> URL:
    """``url``, or the SQLite file in ``folder`` when it is empty. Raises OperatorError."""
    if not url:
        return URL.create("sqlite+pysqlite", database=str(folder / "appliance.db"))
    try:
        return make_url(url)
    except ArgumentError as error:
        raise OperatorError(
            "appliance.database_url is not a database address; leave it empty for SQLite, "
            "or write it like postgresql+pg8000://user@host/name."
        ) from error


def is_there(url: URL) -> bool:
    """Whether it can be opened without being made: SQLite makes a file that is missing."""
    return url.get_backend_name() != "sqlite" or Path(str(url.database)).exists()


class Database:
    """The appliance's database.

    Args:
        url: see `database_url`.
        threads: at most this many connections; one for each thread of the server.

    Attributes:
        kind: ``sqlite`` or ``postgresql``.

    Raises:
        OperatorError: it cannot be opened; the sentence says why.
    """

    def __init__(self, url: URL, threads: int = 16) -> None:
        self.url = url
        self.kind = url.get_backend_name()
        # What else is written in the transaction that this thread begins, or asks the floor for.
        self.also: Callable[[], Also | None] = lambda: None
        self.engine = _engine(url, threads)
        self.writer = self.engine.execution_options(**{_WRITES: True})
        self._reader = self.engine.execution_options(postgresql_readonly=True)
        self.writers = Turn(BUSY_SECONDS)
        # What makes a transaction the only one that writes.
        self.begin_writing = (
            "BEGIN IMMEDIATE" if self.kind == "sqlite" else f"SELECT pg_advisory_xact_lock({_LOCK})"
        )
        try:
            with self.engine.connect() as connection:
                connection.execute(text("select 1"))
        except (DBAPIError, TypeError) as error:  # TypeError: the address lacks a user
            self.engine.dispose()
            reason = getattr(error, "orig", error)
            raise OperatorError(
                f"The database {self.name} cannot be opened ({reason}). Check the folder's "
                "owner and free space, or appliance.database_url; restore the last backup if "
                "the file is damaged."
            ) from error

    @property
    def name(self) -> str:
        """The file, or the address without its password."""
        return str(self.url.database) if self.kind == "sqlite" else self.url.render_as_string()

    @property
    def size(self) -> int:
        """Bytes on disk."""
        if self.kind == "sqlite":
            files = (Path(f"{self.url.database}{suffix}") for suffix in ("", "-wal"))
            return sum(file.stat().st_size for file in files if file.exists())
        with self.read() as session:
            return session.scalar(select(func.pg_database_size(self.url.database))) or 0

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that sees one moment and changes nothing."""
        with Session(self._reader) as session:
            yield session
            session.rollback()

    @contextmanager
    def line(self) -> Iterator[Line]:
        """For one `appliance.store.quick.Quick` that reads, without a session's ceremony."""
        with self._reader.connect() as connection:
            yield Line(connection)

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is durable when the block is left, or undone when it raises."""
        also = self.also()
        with (
            self.turn(),
            Session(self.writer, expire_on_commit=False) as session,
            session.begin(),
        ):
            yield session
            if also is not None:
                also(session, None)

    @contextmanager
    def write_line(self) -> Iterator[Line]:
        """As `write`, for a `Quick` that is written again and again: what is said waits for it."""
        with self.turn(), self.writer.begin() as connection:
            yield Line(connection)

    @contextmanager
    def edit(self) -> Iterator[Session]:
        """A `write` beside which no other node writes: what it reads holds until it is left."""
        with self.write() as session:
            self.only_writer(session)
            yield session

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Wait until no other thread of this process writes. Raises BusyError.

        On PostgreSQL nothing: whoever writes waits there.
        """
        if self.kind != "sqlite":
            yield
            return
        self.writers.take()
        try:
            yield
        finally:
            self.writers.give_back()

    def checkpoint(self) -> None:
        """Bring what the log of SQLite holds into the file; nobody waits for it but its last bit.

        Else every thousandth page a commit would, and its messages would wait for it. The log can
        begin anew only when all of it is in the file, so that under load nobody writes meanwhile.
        """
        if self.kind != "sqlite":
            return
        with contextlib.closing(self.engine.raw_connection()) as connection:
            cursor: Any = connection.cursor()
            for _ in range(_CHECKPOINTS):
                held, moved = _move_log(cursor)
                if held - moved < _LAST_BIT:
                    break
            if held > _LONG_LOG:  # what was moved just now is not all any more
                with self.turn():
                    _move_log(cursor)

    def writing(self) -> Connection:
        """A connection that may write; its transactions are begun with `begin_writing`."""
        connection = self.writer.connect()
        if self.kind == "sqlite":
            _may_write(connection, True)
        return connection

    def reading(self) -> Connection:
        """A connection that only reads; on SQLite its transactions are begun with BEGIN."""
        connection = self._reader.connect()
        if self.kind == "sqlite":
            _may_write(connection, False)
        return connection

    def only_writer(self, session: Session) -> None:
        """Wait until no other node writes: what is numbered without gaps needs it.

        On SQLite every writer is the only one. Held until the transaction ends.
        """
        if self.kind == "postgresql":
            session.execute(text(self.begin_writing))

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait for, then be, the only node that is getting ready.

        On SQLite nothing: whoever shares the file shares a lock file beside it, too.
        """
        if self.kind != "postgresql":
            yield
            return
        # No transaction, which would be ended for idling; and as long as a migration takes.
        with self.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("set lock_timeout = 0"))
            connection.execute(text("select pg_advisory_lock(:lock)"), {"lock": _STARTING})
            try:
                yield
            finally:
                connection.execute(text("select pg_advisory_unlock(:lock)"), {"lock": _STARTING})
                connection.execute(text("reset lock_timeout"))

    def close(self) -> None:
        """Close every connection."""
        self.engine.dispose()


def _engine(url: URL, threads: int) -> Engine:
    more: dict[str, Any] = {
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if url.get_backend_name() == "postgresql":
        # It may be restarted, or another take its place, while our connections idle.
        more["pool_pre_ping"] = True
        if url.drivername.endswith("+pg8000"):
            more["connect_args"] = {"startup_params": _LIMITS}
    try:
        engine = create_engine(url, pool_size=threads, max_overflow=4, pool_timeout=30, **more)
    except (NoSuchModuleError, ModuleNotFoundError) as error:
        raise OperatorError(
            f"appliance.database_url names a database whose driver is not installed: {error}."
        ) from error
    event.listen(engine, "before_cursor_execute", _note_writes)
    if engine.dialect.name == "postgresql":
        know_lost_connections(engine.dialect)
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _sqlite_connected)
        event.listen(engine, "begin", _sqlite_begins)
    return engine


def _note_writes(connection: Connection, _cursor: Any, statement: str, *_: Any) -> None:
    if not statement.startswith("SELECT"):
        connection.info[WROTE] = True


def _sqlite_connected(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves: DDL is then transactional too
    for pragma in (
        f"busy_timeout = {BUSY_SECONDS * 1000}",
        "journal_mode = WAL",
        f"wal_autocheckpoint = {_LONGEST_LOG}",
        "synchronous = FULL",
        "foreign_keys = ON",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_begins(connection: Connection) -> None:
    if connection.connection.dbapi_connection.in_transaction:  # type: ignore[union-attr]
        return  # the writer's: see `appliance.store.seat`
    writes = connection.get_execution_options().get(_WRITES, False)
    _may_write(connection, writes)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _move_log(cursor: Any) -> tuple[int, int]:
    """As far as it can be without waiting; pages that the log held, and how many were moved."""
    cursor.execute("PRAGMA wal_checkpoint(PASSIVE)")
    _busy, held, moved = cursor.fetchone()
    return held, moved


def _may_write(connection: Connection, writes: bool) -> None:
    """One and the same connection may be a reader's and a writer's in turn."""
    if connection.info.get(_WRITES) is not writes:
        connection.connection.cursor().execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.info[_WRITES] = writes
