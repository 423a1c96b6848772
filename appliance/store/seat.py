"""The writer's seat: a connection that the one writer of a process keeps between transactions.

To take one from the pool and open a session on it costs more than all of a message does. So a
transaction is begun and ended on the driver's own connection, and a session joins it only when a
job asks for one. After any failure the connection is given back, and the next transaction begins
on another.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.store.database import Database
from appliance.store.group import Group
from appliance.store.known import Known
from appliance.store.quick import Line

_MOST_KNOWN = 10_000  # of some 2 KB each


class Seat:
    """For one thread."""

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
            try:
                self._begin()
                yield Group(self._line, self._join, self._known())
                self._commit()
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

    def _commit(self) -> None:
        session, self._session = self._session, None
        if session is None:
            self._line.commit()
        else:
            assert self._connection is not None  # noqa: S101 - it has begun
            session.close()  # it joined the transaction, which goes on
            self._connection.commit()
