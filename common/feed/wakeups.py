"""Who waits for which topic, and what wakes them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from common.feed.storage import FeedStorage, Fresh
from common.logs import get_logger

log = get_logger(__name__)

# Gets the topic, its newest number (0: not known), and its events, if they were committed just now
# in this process. Runs in the event loop.
Wake = Callable[[str, int, Sequence[Fresh]], None]


class Wakeups:
    """Carries "something was committed" from any thread into the feed's event loop.

    Made before the Store, whose ``on_commit`` is `notify`; the feed attaches itself at start.
    """

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._look: Callable[[], None] | None = None
        self._tell: Callable[[Sequence[Fresh]], None] | None = None

    def notify(self, fresh: Sequence[Fresh] = ()) -> None:
        """Something was committed. Any thread; cheap; never raises.

        Args:
            fresh: all of the commit's events, in order; none: they have to be looked for.
        """
        loop, look, tell = self._loop, self._look, self._tell
        if loop is None or look is None or tell is None:
            return
        with contextlib.suppress(RuntimeError):  # the loop has just ended: nobody waits
            if fresh:
                loop.call_soon_threadsafe(tell, fresh)
            else:
                loop.call_soon_threadsafe(look)

    def attach(self, look: Callable[[], None], tell: Callable[[Sequence[Fresh]], None]) -> None:
        """Call one of the two in the running loop at each `notify`."""
        self._look, self._tell = look, tell
        self._loop = asyncio.get_running_loop()

    def detach(self) -> None:
        """Forget the loop."""
        self._loop = self._look = self._tell = None


class Waiters:
    """Watches the storage, once for all waiters of the process, and wakes those concerned.

    Args:
        storage: asked what changed; always from one and the same thread.
        wakeups: this process's own commits.
        look_every: seconds between two looks for commits by other processes.
    """

    def __init__(self, storage: FeedStorage, wakeups: Wakeups, *, look_every: float = 1.0) -> None:
        self._storage = storage
        self._wakeups = wakeups
        self._look_every = look_every
        self._waiting: dict[str, set[Wake]] = {}
        # SQLite counts versions per connection, and a Store has one connection per thread.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="feed-watch")
        self._task: asyncio.Task[None] | None = None
        self._version = -1
        self._mark = -1

    async def start(self) -> None:
        """Begin to watch."""
        loop = asyncio.get_running_loop()
        self._version, self._mark = await loop.run_in_executor(self._thread, self._first_look)
        notified = asyncio.Event()
        self._wakeups.attach(notified.set, self._tell)
        self._task = loop.create_task(self._watch(notified))

    async def stop(self) -> None:
        """Watch no more."""
        self._wakeups.detach()
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._thread.shutdown(wait=True)

    @contextlib.contextmanager
    def waiting(self, topic: str, wake: Wake) -> Iterator[None]:
        """Call ``wake`` whenever ``topic`` gets events, inside the ``with``."""
        self.add(topic, wake)
        try:
            yield
        finally:
            self.remove(topic, wake)

    def add(self, topic: str, wake: Wake) -> None:
        """Call ``wake`` whenever ``topic`` gets events, until `remove`."""
        self._waiting.setdefault(topic, set()).add(wake)

    def remove(self, topic: str, wake: Wake) -> None:
        """The reverse of `add`; nothing happens when it was not added."""
        waiting = self._waiting.get(topic, set())
        waiting.discard(wake)
        if not waiting:
            self._waiting.pop(topic, None)

    def wake_all(self) -> None:
        """Wake everybody, for the end."""
        for topic in list(self._waiting):
            self._wake(topic)

    def _tell(self, fresh: Sequence[Fresh]) -> None:
        if fresh[0].mark == self._mark + 1:  # nothing was missed: the look need not find it again
            self._mark = fresh[-1].mark
        topics: dict[str, list[Fresh]] = {}
        for one in fresh:
            if one.topic in self._waiting:
                topics.setdefault(one.topic, []).append(one)
        for topic, events in topics.items():
            self._wake(topic, events[-1].seq, events)

    def _wake(self, topic: str, head: int = 0, fresh: Sequence[Fresh] = ()) -> None:
        for wake in list(self._waiting.get(topic, ())):
            wake(topic, head, fresh)

    async def _watch(self, notified: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._look_every):
                    await notified.wait()
            notified.clear()
            try:
                topics = await loop.run_in_executor(self._thread, self._look)
            except Exception:  # a look that fails must not end the watch; the next may hold
                log.exception("feed.watch_failed")
                await asyncio.sleep(self._look_every)
                continue
            for topic, head in topics.items():
                self._wake(topic, head)

    def _first_look(self) -> tuple[int, int]:
        return self._storage.version(), self._storage.changed(-1)[0]

    def _look(self) -> dict[str, int]:
        version = self._storage.version()
        if version == self._version:
            return {}
        mark, topics = self._storage.changed(self._mark)
        self._mark = max(self._mark, mark)
        self._version = version  # of before the look: what came in meanwhile is seen next time
        return topics
