"""Commands: frames that ask for something to be done, and are answered after the commit."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from typing import Any, Protocol

from common.feed.asker import Asker

Answer = dict[str, Any]  # put into a frame beside the command's id


class Commander(Protocol):
    """Carries out the commands of one connection. A room gives `FeedApp` a maker of them."""

    async def __call__(self, frame: Mapping[str, Any]) -> Future[dict[str, Any]]:
        """Begin one command; awaited before the next one is begun, so that they keep their order.

        The future is done after the commit, in any thread: with what is answered, or with why
        it was not done.
        """
        ...

    def problem(self, error: BaseException) -> Answer:
        """How the latter is told."""
        ...


Commanders = Callable[[Asker], Commander]

_TOO_MANY = {
    "problem": {
        "type": "too-many-requests",
        "title": "Too Many Requests",
        "status": 429,
        "detail": "This connection sends commands faster than is taken; send it again in a second.",
    }
}


class Desk:
    """The commands of one socket: so many a second, so many unanswered.

    Args:
        commander: carries them out.
        a_second: more are refused, after a burst of twice as many.
        unanswered: so many at once; the socket is not read before one of them was answered.
        tell: called in the event loop with each frame to send; `sent` is called when it is out.
    """

    def __init__(
        self, commander: Commander, a_second: float, unanswered: int,
        tell: Callable[[dict[str, Any]], None],
    ) -> None:  # fmt: skip
        self._commander = commander
        self._rate, self._burst = a_second, 2 * a_second
        self._left, self._at = self._burst, time.monotonic()
        self._most = unanswered
        self._unanswered = 0
        self._room = asyncio.Event()
        self._tell = tell
        self._loop = asyncio.get_running_loop()

    async def take(self, frame: Mapping[str, Any]) -> None:
        """Begin one command, as soon as there is room."""
        while self._unanswered >= self._most:
            self._room.clear()
            await self._room.wait()
        self._unanswered += 1
        name = frame["id"]
        if not self._has_time():
            self._tell({"id": name, **_TOO_MANY})
            return
        done = await self._commander(frame)
        if done.done():
            self._done(name, done)
        else:
            done.add_done_callback(
                lambda found: self._loop.call_soon_threadsafe(self._done, name, found)
            )

    def _done(self, name: str, found: Future[dict[str, Any]]) -> None:
        error = found.exception()
        if error is None:
            self._tell({"id": name, "answer": found.result()})
        else:
            self._tell({"id": name, **self._commander.problem(error)})

    def sent(self) -> None:
        """One answer is out."""
        self._unanswered -= 1
        self._room.set()

    def _has_time(self) -> bool:
        now = time.monotonic()
        self._left = min(self._burst, self._left + (now - self._at) * self._rate)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
