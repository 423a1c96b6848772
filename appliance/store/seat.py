"""The writer's seat: a connection that the one writer of a process keeps between transactions.

To take one from the pool and open a session on it costs more than all of a message does. So a
transaction is begun and ended on the driver's own connection, and a session joins it only when a
job asks for one. After any failure the connection is given back, and the next transaction begins
on another.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.store.database import BUSY_SECONDS, Database
from appliance.store.group import Group
from appliance.store.known import Known
from appliance.store.quick import Line

_MOST_KNOWN = 10_000  # of some 2 KB each
_LOOK_AGAIN = 0.002  # seconds; about as long as another process writes


class Seat:
    """For one thread at a time: whose turn it is, see `Database.writers`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._line: Line
        self._session: Session | None = None
        self._kept = Known()
        self._version: object = None

    @contextmanager
    def transaction(self) -> Iterator[Group]:
        """Durable when the block is left, or undone when it raises; the only one."""
        with self._database.turn():
            group = self.begin()
            try:
                yield group
            except BaseException:
                self.close()
                raise
            self.commit()

    def begin(self) -> Group:
        """A transaction, in which nothing was done yet. Raises DBAPIError."""
        until = time.monotonic() + BUSY_SECONDS
        while (group := self.begin_now(last=time.monotonic() > until)) is None:
            time.sleep(_LOOK_AGAIN)
        return group

    def begin_now(self, *, last: bool = False) -> Group | None:
        """The same; None: another process writes, unless it is the ``last`` try.

        On PostgreSQL it waits there. Raises DBAPIError.
        """
        try:
            self._begin()
            return Group(self._line, self._join, self._known())
        except BaseException as error:
            if not last and _busy(error):
                return None
            self.close()
            raise

    def commit(self) -> None:
        """Durable then; undone, if it raises."""
        session, self._session = self._session, None
        try:
            if session is None:
                self._line.commit()
            else:
                assert self._connection is not None  # noqa: S101 - it has begun
                session.close()  # it joined the transaction, which goes on
                self._connection.commit()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Give the connection back, and undo what was not committed."""
        self._kept.clear()
        session, self._session = self._session, None
        connection, self._connection = self._connection, None
        if session is not None:
            session.close()
        if connection is not None:
            if self._database.kind == "sqlite":
                with suppress(DBAPIError):
                    self._line.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
            connection.close()

    def _begin(self) -> None:
        if self._connection is not None:
            try:
                self._line.execute(self._database.begin_writing)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                # It was restarted, or another took its place, since the last transaction.
                self._connection.invalidate()
                self.close()
            else:
                return
        self._connection = self._database.writing()
        self._line = Line(self._connection)
        if self._database.kind == "sqlite":  # `begin` waits by itself
            self._line.execute("PRAGMA busy_timeout = 0")
        self._line.execute(self._database.begin_writing)

    def _known(self) -> Known:
        """What the last transactions have read and changed, if nobody else has written since."""
        version = self._line.version()
        full = len(self._kept.conversations) > _MOST_KNOWN
        if version is None or version != self._version or full:
            self._kept.clear()
        self._version = version
        return self._kept

    def _join(self) -> Session:
        """A session in the transaction that has begun."""
        assert self._connection is not None  # noqa: S101 - it has begun
        self._connection.begin()
        self._session = Session(self._connection, expire_on_commit=False)
        return self._session


def _busy(error: BaseException) -> bool:
    """Whether another process writes to the SQLite file just now."""
    code = getattr(getattr(error, "orig", None), "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)
