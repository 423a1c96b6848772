"""What open sockets may read is asked again for all of them at once, not one by one.

A right that a socket was given has an end (`common.feed.app.MayRead`). A hundred agents who each
asked for themselves would ask a hundred times a second, all at about the same moment; so the room
answers for several in one question, and for everybody in the course of a second. Without one, or
when it is late, a right runs out, and the next event is read from the storage, which asks.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import NamedTuple

from common.feed.asker import Asker
from common.logs import get_logger

log = get_logger(__name__)

# Whether each asker may read the topic beside it, as `common.feed.app.MayRead` tells it; asked in
# a thread.
MayReadAll = Callable[[Sequence[tuple[Asker, str]]], Sequence[float]]
_EVERY = 1.0  # seconds; half of the time that a right may hold
_AT_ONCE = 50  # half a millisecond's work; more would be felt by who sends something just then


class Held(NamedTuple):
    """A right of an open socket: who may read what, and who is told how it stands.

    ``judged`` gets the topic, the moment of the asking by the loop's clock, and for how many
    seconds from then on it may be read; 0: no more.
    """

    asker: Asker
    topic: str
    judged: Callable[[str, float, float], None]


class Rights:
    """Those that have an end. All but `MayReadAll` runs in the event loop.

    Args:
        may_all: see there; None: nothing is asked again here.
        threads: where it is asked.
        every: seconds between two sweeps.
    """

    def __init__(
        self, may_all: MayReadAll | None, threads: Executor, *, every: float = _EVERY
    ) -> None:
        self._may_all, self._threads, self._every = may_all, threads, every
        self._held: dict[Held, None] = {}
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to sweep."""
        if self._may_all is not None:
            self._task = asyncio.get_running_loop().create_task(self._sweep(self._may_all))

    async def stop(self) -> None:
        """Sweep no more."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def add(self, held: Held) -> None:
        """Ask for it from now on."""
        self._held[held] = None

    def remove(self, held: Held) -> None:
        """The reverse of `add`; nothing happens when it was not added."""
        self._held.pop(held, None)

    async def _sweep(self, may_all: MayReadAll) -> None:
        loop = asyncio.get_running_loop()
        while True:
            held, due = list(self._held), loop.time()
            pause = self._every / max(1, math.ceil(len(held) / _AT_ONCE))
            for start in range(0, max(1, len(held)), _AT_ONCE):
                due += pause  # whatever the last ones took: all are asked for within a second
                await asyncio.sleep(max(0.0, due - loop.time()))
                some = [one for one in held[start : start + _AT_ONCE] if one in self._held]
                if some:
                    await self._ask(some, may_all)

    async def _ask(self, some: Sequence[Held], may_all: MayReadAll) -> None:
        loop = asyncio.get_running_loop()
        pairs, begun = [(one.asker, one.topic) for one in some], loop.time()
        try:
            answers = await loop.run_in_executor(self._threads, may_all, pairs)
        except Exception:  # the rights run out, and are asked for one by one
            log.exception("feed.sweep_failed")
            return
        for one, seconds in zip(some, answers, strict=True):
            if one in self._held:
                one.judged(one.topic, begun, seconds)
