"""Works on many things at the same time, and on each by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from queue import SimpleQueue

from common.errors import NetworkError
from common.logs import get_logger

log = get_logger(__name__)

Job = Callable[[], None]


class OneAtATime:
    """Started once, and stopped.

    Args:
        threads: so many are worked on at the same time.
    """

    def __init__(self, threads: int) -> None:
        self._lock = threading.Lock()
        self._working: set[object] = set()
        self._again: dict[object, Job] = {}
        self._looking: set[object] = set()
        self._stopped = False
        self._waiting: SimpleQueue[tuple[object, Job] | None] = SimpleQueue()
        self._threads = [
            threading.Thread(target=self._work, name=f"calls-{n}", daemon=True)
            for n in range(threads)
        ]

    def start(self) -> None:
        """Begin to work."""
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        """End what is being done, and begin nothing more."""
        self._stopped = True
        for _ in self._threads:
            self._waiting.put(None)
        for thread in self._threads:
            if thread.ident:
                thread.join()

    def soon(self, key: object, job: Job) -> None:
        """Do ``job`` for ``key``; while it is being worked on, once more after that."""
        with self._lock:
            if key in self._looking:
                return
            if key in self._working:
                self._again[key] = job
                return
            self._working.add(key)
        self._waiting.put((key, job))

    @contextmanager
    def looks_after(self) -> Iterator[Callable[[object], None]]:
        """For a worker, who looks afterwards at each key that it names: what is asked is that."""
        named: set[object] = set()

        def name(key: object) -> None:
            with self._lock:
                named.add(key)
                self._looking.add(key)

        try:
            yield name
        finally:
            with self._lock:
                self._looking -= named

    def _work(self) -> None:
        while (next_one := self._waiting.get()) is not None and not self._stopped:
            self._run(*next_one)

    def _run(self, key: object, job: Job) -> None:
        next_one: Job | None = job
        while next_one is not None:
            try:
                next_one()
            except NetworkError as error:  # all is looked at when it is reached again
                log.info("call.switch_away", reason=str(error))
            except Exception:
                log.exception("call.failed", call=str(key))
            with self._lock:
                next_one = self._again.pop(key, None)
                if next_one is None:
                    self._working.discard(key)
