"""Short jobs of the event loop are done in its own thread; only their commit leaves it.

Two threads that both compute take turns at one interpreter, and each statement to SQLite is such a
turn: a message of 0.2 ms took up to 10. So what is short is done where it is asked for, between two
turns of the loop, and a thread waits for the disk. While it does, what comes waits for the next
transaction. When somebody else writes, the thread waits for that, too: the loop never does.

On SQLite alone; on a server, each statement is a wait.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from functools import partial
from queue import SimpleQueue
from typing import Any

from appliance.domain.work import BusyError, Work
from appliance.store.group import Group
from appliance.store.seat import Seat
from appliance.store.turn import Turn
from common.feed.storage import Fresh
from common.logs import get_logger

log = get_logger(__name__)

Batch = list[tuple[Callable[[Work], Any], "Future[Any]"]]
Outcome = tuple[Any, Exception | None]
Done = tuple[list[Fresh], list[Outcome]]

_MOST_WAITING = 10_000
_GROUP = 32  # the loop does nothing else meanwhile: some 5 ms


class ShortWay:
    """See above. Its methods are for the loop's own thread, but `close`.

    Args:
        loop: where the jobs are done.
        seat: the writer's, used by whoever has the turn.
        turn: of the writers of this process.
        do: the jobs of one transaction; raises when it must be undone, and the writer's thread
            does it another way.
        by_writer: queues a job for that thread. May raise BusyError.
        on_commit: called in the committing thread after each commit with its events.
    """

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        seat: Seat,
        turn: Turn,
        do: Callable[[Group, Batch], Done],
        by_writer: Callable[[tuple[Callable[[Work], Any], Future[Any]]], None],
        on_commit: Callable[[Sequence[Fresh]], None] | None,
    ) -> None:
        self.loop = loop
        self._seat, self._turn = seat, turn
        self._do, self._by_writer, self._on_commit = do, by_writer, on_commit
        self._waiting: Batch = []
        self._under_way = False  # one transaction at a time
        self._for_thread: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="floor-commit", daemon=True)
        self._thread.start()

    def take(self, job: Callable[[Work], Any], future: Future[Any]) -> None:
        """Do ``job`` soon, after those taken before; its future is done after the commit."""
        if len(self._waiting) >= _MOST_WAITING:
            raise BusyError("more is said than can be kept at once; try again")
        self._waiting.append((job, future))
        if not self._under_way:
            self._under_way = True
            self.loop.call_soon(self._next)  # with what else this turn of the loop brings

    def close(self) -> None:
        """End after the commit at hand; any thread."""
        self._for_thread.put(None)
        self._thread.join(60)

    def _next(self) -> None:
        if not self._waiting:
            self._under_way = False
        elif self._turn.take_now():
            try:
                group = self._seat.begin_now()
            except Exception as error:  # noqa: BLE001 - whatever it was, nothing was kept
                self._turn.give_back()
                self._fail(error)
                return
            if group is not None:
                self._work(group)
                return
            self._turn.give_back()
            self._for_thread.put(self._wait)
        else:
            self._for_thread.put(self._wait)

    def _work(self, group: Group) -> None:
        batch, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
        try:
            fresh, outcomes = self._do(group, batch)
        except Exception:  # noqa: BLE001 - the writer's thread finds out whose it was
            self._seat.close()
            self._turn.give_back()
            self._give_away(batch)
        else:
            self._for_thread.put(partial(self._commit, batch, fresh, outcomes))

    def _give_away(self, batch: Batch) -> None:
        """To the writer's thread; what came later waits until it is done."""
        left = len(batch)

        def one_less(_future: Future[Any]) -> None:
            self._in_loop(count)

        def count() -> None:
            nonlocal left
            left -= 1
            if not left:
                self._next()

        for job, future in batch:
            future.add_done_callback(one_less)
            try:
                self._by_writer((job, future))
            except BusyError as error:
                future.set_exception(error)

    def _fail(self, error: Exception) -> None:
        batch, self._waiting = self._waiting, []
        for _job, future in batch:
            future.set_exception(error)
        self._next()

    def _settle(self, batch: Batch, outcomes: list[Outcome]) -> None:
        settle(batch, outcomes)
        self._next()

    def _run(self) -> None:
        while (what := self._for_thread.get()) is not None:
            what()

    def _wait(self) -> None:
        """In the thread: until nobody else writes."""
        try:
            self._turn.take()
            try:
                group = self._seat.begin()
            except BaseException:
                self._turn.give_back()
                raise
        except Exception as error:  # noqa: BLE001 - whatever it was, nothing was kept
            self._in_loop(self._fail, error)
        else:
            if not self._in_loop(self._work, group):
                self._seat.close()
                self._turn.give_back()

    def _commit(self, batch: Batch, fresh: list[Fresh], outcomes: list[Outcome]) -> None:
        """In the thread."""
        try:
            self._seat.commit()
        except Exception as error:  # noqa: BLE001 - nothing was kept
            outcomes = [(None, error)] * len(batch)
            fresh = []
        finally:
            self._turn.give_back()
        if self._on_commit and fresh:
            self._on_commit(fresh)
        self._in_loop(self._settle, batch, outcomes)

    def _in_loop(self, what: Callable[..., None], *arguments: Any) -> bool:
        """False: the loop has ended, and nobody hears of it."""
        try:
            self.loop.call_soon_threadsafe(what, *arguments)
        except RuntimeError:
            return False
        return True


def settle(batch: Batch, outcomes: Sequence[Outcome]) -> None:
    """Tell those who wait what became of it."""
    for (_job, future), (result, failure) in zip(batch, outcomes, strict=True):
        if failure is None:
            future.set_result(result)
        else:
            future.set_exception(failure)
