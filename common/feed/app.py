"""The feed's address: poll and long poll here, the WebSocket in `common.feed.socket`."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs

from common.feed.asker import Asker, asker_of
from common.feed.commands import Commanders
from common.feed.passing import Passing
from common.feed.rights import MayReadAll, Rights
from common.feed.socket import serve_socket
from common.feed.storage import CursorGoneError, Event, FeedStorage
from common.feed.wakeups import Waiters, Wakeups

# No cookie is ever taken with these: the key alone counts.
_FOR_OTHER_SITES = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-headers", b"authorization"),
    (b"access-control-max-age", b"86400"),
)

# For how many seconds a topic may be read without asking again; False, which is 0: not at all;
# True: one; infinite: as long as the connection is open. Asked in a thread, so that it may read the
# database, before each batch that is read from there; once the right is over that is the next one.
MayRead = Callable[[Asker, str], float]


@dataclass(frozen=True)
class FeedLimits:
    """What one reader can ask for.

    Attributes:
        batch: events in one answer or frame; 500 keep an answer quick, and a reader far
            behind asks again.
        batch_bytes: bytes of JSON in one answer or frame; clients take 1 MiB by default.
        wait: seconds of a long poll at most; proxies cut at 60.
        subscriptions: topics on one WebSocket; a desk needs about ten.
        readers: long polls and WebSockets open at once in this process; each costs a file
            descriptor and some 50 KB.
        heartbeat: seconds of silence on a WebSocket before a heartbeat frame.
        commands: commands a second on one WebSocket, with bursts of twice as many; more than
            anybody types, and an agent speaks in several conversations.
        unanswered: commands of one WebSocket that may wait for their commit.
    """

    batch: int = 500
    batch_bytes: int = 512 * 1024
    wait: float = 60.0
    subscriptions: int = 32
    readers: int = 5000
    heartbeat: float = 25.0
    commands: float = 20.0
    unanswered: int = 32


@dataclass(frozen=True)
class Batch:
    """What a reader gets next: events, or why there are none for it.

    Attributes:
        events: in order; empty when nothing is new.
        cursor: where to go on from.
        more: there is more at once.
        reload: the cursor cannot be continued.
        refused: this reader may not read this topic.
        right: for so many seconds it may.
    """

    events: list[Event]
    cursor: int
    more: bool = False
    reload: bool = False
    refused: bool = False
    right: float = 0.0

    def body(self, topic: str) -> dict[str, Any]:
        """As an answer or a frame."""
        if self.refused:
            sentence = f"You may not read the topic {topic!r}, or it does not exist."
            return {"topic": topic, "error": "refused", "message": sentence}
        if self.reload:
            return {"topic": topic, "reload": True, "cursor": self.cursor}
        events = [event.as_dict() for event in self.events]
        return {"topic": topic, "events": events, "cursor": self.cursor}


class FeedApp:
    """The ASGI application at ``prefix``.

    Args:
        prefix: its whole path, ``/client/feed``.
        storage: where events are read, a `FeedReader`.
        may_read: whether an `Asker` may read a topic.
        may_read_all: the same for all open WebSockets at once, each second; None: not asked.
        wakeups: whose ``notify`` the Store calls; without it commits are seen within a second.
        limits: see there.
        commands: carries out what is asked for in frames; None: nothing can be.
        passing: what is told now or never; see `common.feed.passing`.
    """

    def __init__(
        self,
        prefix: str,
        storage: FeedStorage,
        may_read: MayRead,
        *,
        may_read_all: MayReadAll | None = None,
        wakeups: Wakeups | None = None,
        limits: FeedLimits | None = None,
        commands: Commanders | None = None,
        passing: Passing | None = None,
    ) -> None:
        self.passing = passing or Passing()
        self.commands = commands
        self.prefix = prefix
        self.limits = limits or FeedLimits()
        self._storage = storage
        self._may_read = may_read
        self.waiters = Waiters(storage, wakeups or Wakeups())
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="feed-read")
        self.rights = Rights(may_read_all, self._threads)
        self._readers = 0
        self._ending = False

    async def start(self) -> None:
        """Begin to watch for commits; called by the server."""
        self.passing.attach()
        await self.waiters.start()
        self.rights.start()

    def end_waits(self) -> None:
        """Answer all long polls now; called by the server when it stops."""
        self._ending = True
        self.waiters.wake_all()

    async def stop(self) -> None:
        """Let go of the threads; called by the server at the very end."""
        self.passing.detach()
        await self.rights.stop()
        await self.waiters.stop()
        self._threads.shutdown(wait=True)

    async def fetch(self, asker: Asker, topic: str, after: int) -> Batch:
        """The next batch of ``topic`` for ``asker``."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, self._fetch, asker, topic, after)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        if self._readers >= self.limits.readers:
            busy = {"error": "busy", "message": "Too many readers; try again later."}
            await _answer(send, 503, busy, scope["type"])
            return
        self._readers += 1
        try:
            asker = asker_of(scope)
            if scope["type"] == "websocket":
                await serve_socket(self, asker, receive, send)
            else:
                await self._poll(asker, scope, receive, send)
        finally:
            self._readers -= 1

    def _fetch(self, asker: Asker, topic: str, after: int) -> Batch:
        right = self._may_read(asker, topic)
        if not right:
            return Batch([], after, refused=True)
        try:
            events = self._storage.read(topic, after, self.limits.batch)
        except CursorGoneError as gone:
            return Batch([], gone.head, reload=True, right=right)
        fitting = _fit(events, self.limits.batch_bytes)
        more = len(fitting) < len(events) or len(events) == self.limits.batch
        return Batch(fitting, fitting[-1].seq if fitting else after, more=more, right=right)

    async def _poll(self, asker: Asker, scope: Any, receive: Any, send: Any) -> None:
        if scope["method"] == "OPTIONS":  # a browser asks before it sends a key from another site
            await _answer(send, 200, {}, foreign=True)
            return
        foreign = bool(asker.key)
        if scope["method"] != "GET":
            other = {"error": "malformed", "message": "The feed is read with GET."}
            await _answer(send, 405, other, foreign=foreign, more=((b"allow", b"GET, OPTIONS"),))
            return
        try:
            topic, after, wait = _question(scope, self.limits.wait)
        except ValueError as error:
            malformed = {"error": "malformed", "message": str(error)}
            await _answer(send, 400, malformed, foreign=foreign)
            return
        batch = await self._next(asker, topic, after, wait, receive)
        status = 403 if batch.refused else 410 if batch.reload else 200
        await _answer(send, status, batch.body(topic), foreign=foreign)

    async def _next(self, asker: Asker, topic: str, after: int, wait: float, receive: Any) -> Batch:
        """The next batch; an empty one after ``wait`` seconds, or when either side leaves."""
        woken = asyncio.Event()
        loop = asyncio.get_running_loop()
        until = loop.time() + wait
        gone = loop.create_task(_until_gone(receive, woken))
        try:
            # Registered before the first look, so that no event falls between the two.
            with self.waiters.waiting(topic, lambda *_: woken.set()):
                while True:
                    woken.clear()
                    batch = await self.fetch(asker, topic, after)
                    left = until - loop.time()
                    quiet = not (batch.events or batch.reload or batch.refused)
                    if not quiet or left <= 0 or self._ending or gone.done():
                        return batch
                    # Never asyncio.wait_for: Python 3.11's may swallow a cancellation.
                    with contextlib.suppress(TimeoutError):
                        async with asyncio.timeout(left):
                            await woken.wait()
        finally:
            gone.cancel()
            await asyncio.gather(gone, return_exceptions=True)


def _question(scope: Any, most_wait: float) -> tuple[str, int, float]:
    """Topic, cursor and wait of a poll. Raises ValueError with a sentence."""
    query = parse_qs(scope["query_string"].decode("ascii"))
    topic, after, wait = (query.get(name, [""])[-1] for name in ("topic", "after", "wait"))
    if not 0 < len(topic) <= 200:
        raise ValueError("The feed needs ?topic=, of at most 200 characters.")
    if not after.isascii() or not after.isdigit() or len(after) > 18:
        raise ValueError("The feed needs &after=, a whole number: the last seq you have, or 0.")
    if wait and not (wait.isascii() and wait.isdigit()):
        raise ValueError("&wait= is a whole number of seconds.")
    return topic, int(after), min(float(wait or 0), most_wait)


def _fit(events: list[Event], most_bytes: int) -> list[Event]:
    """As many of ``events`` as fit, at least one."""
    size = 0
    for index, event in enumerate(events):
        size += len(json.dumps(event.data, ensure_ascii=False).encode()) + 100
        if size > most_bytes and index:
            return events[:index]
    return events


async def _until_gone(receive: Any, woken: asyncio.Event) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    woken.set()


def _problem(status: HTTPStatus, value: dict[str, Any]) -> dict[str, Any]:
    """A refusal as every other address tells it (RFC 9457), with what readers of the feed know."""
    kind = status.phrase.lower().replace(" ", "-")
    told = "What followed was removed; read the state afresh and follow on from the cursor."
    return {
        **value, "type": kind, "kind": kind, "parameters": {}, "title": status.phrase,
        "status": int(status), "detail": value.get("message", told),
    }  # fmt: skip


async def _answer(
    send: Any, status: int, value: dict[str, Any], kind: str = "http", *, foreign: bool = False,
    more: tuple[tuple[bytes, bytes], ...] = (),
) -> None:  # fmt: skip
    prefix = "websocket.http.response" if kind == "websocket" else "http.response"
    refused = status >= HTTPStatus.BAD_REQUEST
    if refused:
        value = _problem(HTTPStatus(status), value)
    body = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    headers = [
        (b"content-type", b"application/problem+json" if refused else b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
        *(_FOR_OTHER_SITES if foreign else ()),
        *more,
    ]
    await send({"type": f"{prefix}.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})
