"""What is to be looked at again after a while: one thread for all calls."""

from __future__ import annotations

import heapq
import itertools
import threading
import time
from collections.abc import Callable


class Later:
    """Calls back; to be stopped."""

    def __init__(self, name: str) -> None:
        self._news = threading.Condition()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = itertools.count()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def after(self, seconds: float, work: Callable[[], None]) -> None:
        """Do ``work``, which must be quick, so many seconds from now."""
        with self._news:
            heapq.heappush(self._due, (time.monotonic() + seconds, next(self._numbers), work))
            self._news.notify()

    def stop(self) -> None:
        """Nothing is done any more."""
        with self._news:
            self._stopped = True
            self._news.notify()
        self._thread.join(30)

    def _run(self) -> None:
        while (work := self._next()) is not None:
            work()

    def _next(self) -> Callable[[], None] | None:
        with self._news:
            while not self._stopped:
                left = self._due[0][0] - time.monotonic() if self._due else None
                if left is not None and left <= 0:
                    return heapq.heappop(self._due)[2]
                self._news.wait(left)
        return None
