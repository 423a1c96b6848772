"""One writer for all use cases, with group commit; implements `appliance.domain.work.Floor`.

Jobs that wait at the same time share one transaction, so that a slow disk costs one fsync for all
of them; each has its own savepoint, so that one that fails undoes only itself. On PostgreSQL the
transaction begins with a lock that all nodes know: there is one writer then too.
"""

from __future__ import annotations

import contextlib
import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from appliance.domain.work import BusyError, Work
from appliance.store.database import Database
from appliance.store.work import SqlWork
from common.clock import Clock
from common.group import gather

T = TypeVar("T")
_Job = tuple[Callable[[Work], Any], "Future[Any]"]

_MOST_WAITING = 10_000
_GROUP = 128


class FloorClosedError(RuntimeError):
    """The program is ending; nothing is taken any more."""


class SqlFloor:
    """See `appliance.domain.work.Floor`.

    Args:
        database: migrated.
        clock: the moment of each transaction.
        on_commit: called in the writer's thread after each commit, to wake readers.
        drained: whether nothing new is to be offered now.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        *,
        on_commit: Callable[[], None] | None = None,
        drained: Callable[[], bool] = bool,
    ) -> None:
        self._drained = drained
        self._database = database
        self._clock = clock
        self._on_commit = on_commit
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="floor-writer", daemon=True)
        self._thread.start()

    def submit(self, job: Callable[[Work], T]) -> Future[T]:
        """Queue ``job``; its future is done after the commit that holds it. Raises BusyError."""
        if not self._thread.is_alive():
            raise FloorClosedError("the appliance is stopping")
        future: Future[T] = Future()
        try:
            self._jobs.put_nowait((job, cast("Future[Any]", future)))
        except queue.Full:
            raise BusyError("more is said than can be kept at once; try again") from None
        return future

    def write(self, job: Callable[[Work], T], timeout: float = 60) -> T:
        """Run ``job`` in a transaction; answers after the commit. See the interface."""
        return self.submit(job).result(timeout)

    def read(self, job: Callable[[Work], T]) -> T:
        """Run ``job`` on one moment's state; what it writes is refused."""
        with self._database.read() as session, session.no_autoflush:
            return job(SqlWork(session, self._clock.now(), drained=self._drained()))

    def close(self) -> None:
        """Commit what waits, and end."""
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(60)

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, last = gather(self._jobs, first, _GROUP)
            self._commit(batch)
            if last:
                return

    def _commit(self, batch: list[_Job]) -> None:
        done: list[tuple[Future[Any], Any]] = []
        try:
            with self._database.write() as session:
                self._database.only_writer(session)
                for job, future in batch:
                    self._one(session, job, future, done)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was kept
            for _job, future in batch:
                if not future.done():
                    future.set_exception(error)
            return
        for future, result in done:
            future.set_result(result)
        if self._on_commit:
            self._on_commit()

    def _one(
        self,
        session: Session,
        job: Callable[[Work], Any],
        future: Future[Any],
        done: list[tuple[Future[Any], Any]],
    ) -> None:
        try:
            with session.begin_nested():
                result = job(SqlWork(session, self._clock.now(), drained=self._drained()))
                session.flush()
        except Exception as error:
            with contextlib.suppress(SQLAlchemyError):
                session.connection()  # raises when the whole transaction is gone
                session.expire_all()
                future.set_exception(error)
                return
            raise
        done.append((future, result))
