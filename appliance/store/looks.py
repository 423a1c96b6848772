"""Looks at the floor's state: connections that are kept for readers, as `…seat` is for the writer.

To take one from the pool and open a session on it costs more than most looks do. A session joins
only when a job asks for one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from appliance.store.database import Database
from appliance.store.group import Group
from appliance.store.quick import Line

T = TypeVar("T")

_MOST_KEPT = 4  # more at a time are rare, and every connection is one of the pool's


class Looks:
    """For any thread."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._kept: list[_Reader] = []
        self._closed = False

    def do(self, job: Callable[[Group], T]) -> T:
        """Run ``job`` on one moment's state; what it writes is refused."""
        with self._lock:
            reader = self._kept.pop() if self._kept else None
        if reader is not None:
            try:
                return self._with(reader, job)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
                self._give_back_all()  # the database was restarted: the others are lost, too
        return self._with(_Reader(self._database), job)

    def close(self) -> None:
        """Nothing is kept any more."""
        self._closed = True
        self._give_back_all()

    def _with(self, reader: _Reader, job: Callable[[Group], T]) -> T:
        try:
            return reader.do(job)
        finally:
            with self._lock:
                keep = reader.sound and len(self._kept) < _MOST_KEPT and not self._closed
                if keep:
                    self._kept.append(reader)
            if not keep:
                reader.close()

    def _give_back_all(self) -> None:
        with self._lock:
            kept, self._kept = self._kept, []
        for one in kept:
            one.close()


class _Reader:
    """One connection, for one thread at a time.

    Attributes:
        sound: whether nothing went wrong with it.
    """

    def __init__(self, database: Database) -> None:
        self.sound = True
        self._connection: Connection = database.reading()
        self._line = Line(self._connection)
        self._begins = database.kind == "sqlite"  # the other's driver begins by itself
        self._session: Session | None = None

    def do(self, job: Callable[[Group], T]) -> T:
        """In one transaction."""
        try:
            if self._begins:
                self._line.execute("BEGIN")
            return job(Group(self._line, self._join))
        except DBAPIError as error:
            self.sound = False
            if error.connection_invalidated:
                self._connection.invalidate()
            raise
        finally:
            self._end()

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _join(self) -> Session:
        self._connection.begin()
        self._session = Session(self._connection, autoflush=False)
        return self._session

    def _end(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            session.close()  # it joined the transaction, which goes on
        if self.sound and session is None:
            self._line.rollback()
        elif self.sound:
            self._connection.rollback()
