"""One writer for all use cases, with group commit; implements `appliance.domain.work.Floor`.

Jobs that wait at the same time share one transaction, so that a slow disk costs one fsync for all
of them. A job that fails before it wrote anything, as almost all that fail do, leaves the others
alone; when one fails later, the transaction is undone and all are run again, each behind a
savepoint of its own. What the event loop asks for and is short goes `appliance.store.short_way`. On
PostgreSQL the transaction begins with a lock that all nodes know: there is one writer then too.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from datetime import datetime
from typing import Any, TypeVar, cast

from sqlalchemy.exc import SQLAlchemyError

from appliance.domain.work import BusyError, Work
from appliance.store.database import Also, Database
from appliance.store.group import Group
from appliance.store.looks import Looks
from appliance.store.quick import WROTE
from appliance.store.seat import Seat
from appliance.store.short_way import Batch, Done, Outcome, ShortWay, settle
from appliance.store.work import SqlWork
from common.clock import Clock
from common.feed.storage import Fresh
from common.group import gather
from common.vault import Vault

T = TypeVar("T")
_Job = tuple[Callable[[Work], Any], "Future[Any]"]

_MOST_WAITING = 10_000
_GROUP = 128


class _HalfDoneError(Exception):
    """A job failed after it had changed something."""


class FloorClosedError(RuntimeError):
    """The program is ending; nothing is taken any more."""


def _with(job: Callable[[Work], T], also: Also | None) -> Callable[[Work], T]:
    """``job``, and in its transaction what whoever asks for it wants to be kept with it."""
    if also is None:
        return job

    def both(work: Work) -> T:
        result = job(work)
        also(cast("SqlWork", work).session, result)
        return result

    return both


class SqlFloor:
    """See `appliance.domain.work.Floor`.

    Args:
        database: migrated.
        clock: the moment of each transaction.
        vault: seals values that are confidential.
        on_commit: called in the writer's thread after each commit with its events, to wake readers.
        drained: whether nothing new is to be offered now.
    """

    def __init__(
        self,
        database: Database,
        clock: Clock,
        vault: Vault,
        *,
        on_commit: Callable[[Sequence[Fresh]], None] | None = None,
        drained: Callable[[], bool] = bool,
    ) -> None:
        self._drained = drained
        self._database = database
        self._seat = Seat(database)
        self._looks = Looks(database)
        self._clock = clock
        self._vault = vault
        self._on_commit = on_commit
        self._short: ShortWay | None = None
        self._jobs: queue.Queue[_Job | None] = queue.Queue(_MOST_WAITING)
        self._thread = threading.Thread(target=self._run, name="floor-writer", daemon=True)
        self._thread.start()

    @property
    def writer(self) -> int:
        """The writer's thread, as the system numbers it."""
        return self._thread.native_id or 0

    def submit(self, job: Callable[[Work], T], *, short: bool = False) -> Future[T]:
        """Queue ``job``; its future is done after the commit that holds it. Raises BusyError."""
        if not self._thread.is_alive():
            raise FloorClosedError("the appliance is stopping")
        future: Future[T] = Future()
        one = _with(job, self._database.also()), cast("Future[Any]", future)
        loop = _loop() if short and self._database.kind == "sqlite" else None
        if loop is None:
            self._queue(one)
        else:
            self._short_of(loop).take(*one)
        return future

    def write(self, job: Callable[[Work], T], timeout: float = 60) -> T:
        """Run ``job`` in a transaction; answers after the commit. See the interface."""
        return self.submit(job).result(timeout)

    def read(self, job: Callable[[Work], T]) -> T:
        """Run ``job`` on one moment's state; what it writes is refused."""
        return self._looks.do(
            lambda group: job(self._work(group, self._clock.now(), self._drained()))
        )

    def close(self) -> None:
        """Commit what waits, and end."""
        if self._short is not None:
            self._short.close()
        if self._thread.is_alive():
            self._jobs.put(None)
            self._thread.join(60)
        self._looks.close()

    def _queue(self, one: _Job) -> None:
        try:
            self._jobs.put_nowait(one)
        except queue.Full:
            raise BusyError("more is said than can be kept at once; try again") from None

    def _short_of(self, loop: asyncio.AbstractEventLoop) -> ShortWay:
        if self._short is None or self._short.loop is not loop:
            if self._short is not None:
                self._short.close()
            self._short = ShortWay(
                loop, self._seat, self._database.writers, self._do, self._queue, self._on_commit
            )
        return self._short

    def _run(self) -> None:
        while (first := self._jobs.get()) is not None:
            batch, last = gather(self._jobs, first, _GROUP)
            self._commit(batch)
            if last:
                break
        self._seat.close()

    def _commit(self, batch: list[_Job]) -> None:
        """All in one transaction; when one fails half-way, once more with a savepoint for each."""
        try:
            try:
                fresh, outcomes = self._transaction(batch, savepoints=False)
            except _HalfDoneError:
                fresh, outcomes = self._transaction(batch, savepoints=True)
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was kept
            for _job, future in batch:
                future.set_exception(error)
            return
        if self._on_commit and fresh:
            self._on_commit(fresh)
        settle(batch, outcomes)

    def _transaction(self, batch: Batch, *, savepoints: bool) -> Done:
        """What became of each job, after the commit. Raises _HalfDoneError: without savepoints."""
        with self._seat.transaction() as group:
            return self._do(group, batch, savepoints=savepoints)

    def _do(self, group: Group, batch: Batch, *, savepoints: bool = False) -> Done:
        one = self._behind_savepoint if savepoints else self._one
        now, drained = self._clock.now(), self._drained()
        outcomes = [one(group, self._work(group, now, drained), job) for job, _future in batch]
        return group.end(), outcomes

    def _work(self, group: Group, now: datetime, drained: bool) -> SqlWork:
        return SqlWork(group, now, self._vault, drained=drained)

    @staticmethod
    def _one(group: Group, work: SqlWork, job: Callable[[Work], Any]) -> Outcome:
        """What one job answered, or how it failed. Raises _HalfDoneError."""
        group.line.info[WROTE] = False
        try:
            result = job(work)
            group.flush()
        except Exception as error:
            if group.changed:
                raise _HalfDoneError from error
            return None, error
        group.told += work.told
        group.events += work.events
        return result, None

    @staticmethod
    def _behind_savepoint(group: Group, work: SqlWork, job: Callable[[Work], Any]) -> Outcome:
        """The same, with what a failed one has changed undone."""
        session = group.session
        try:
            with session.begin_nested():
                session.connection()  # a savepoint is set when its connection is first asked for
                result = job(work)
                session.flush()
        except Exception as error:
            with contextlib.suppress(SQLAlchemyError):
                session.connection()  # raises when the whole transaction is gone
                session.expire_all()
                group.known.clear()
                return None, error
            raise
        group.told += work.told
        group.events += work.events
        return result, None


def _loop() -> asyncio.AbstractEventLoop | None:
    """The event loop of this thread."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
