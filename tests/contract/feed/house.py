"""A feed served by a real server, and one reader for each way of reading it."""

from __future__ import annotations

import contextlib
import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import requests
from sqlite_utils import Migrations
from websockets.sync.client import ClientConnection, connect

from common.errors import RefusedError
from common.feed import (
    Asker,
    Event,
    FeedApp,
    FeedLimits,
    FeedReader,
    Fresh,
    MayReadAll,
    Passing,
    Wakeups,
    append,
)
from common.feed.client import Reload, follow
from common.feed.schema import add_to
from common.serving import Server
from common.spool import Store
from tests.support.serving import served

TOPIC = "updates"
DEADLINE = 20.0


class House:
    """The database, and a server on it that can be killed and started again."""

    may_read_all: MayReadAll | None = None

    def __init__(self, path: Path, *, woken: bool = True, limits: FeedLimits | None = None) -> None:
        steps = Migrations("test")
        add_to(steps)
        self.wakeups = Wakeups()
        self.store = Store(path, steps, on_commit=self.wakeups.notify if woken else None)
        self.reader = FeedReader(self.store)
        self.limits = limits
        self.batches: dict[str, int] = {}  # how often each named reader was served
        self.strangers = {"stranger"}
        self.right = 1.0  # seconds
        self.passing = Passing()
        self._served = ExitStack()
        self.server: Server
        self.start()

    def start(self) -> None:
        feed = FeedApp(
            "/feed",
            self.reader,
            self._may_read,
            may_read_all=self.may_read_all,
            wakeups=self.wakeups,
            limits=self.limits,
            passing=self.passing,
        )
        self.server = self._served.enter_context(served(feed=feed))

    def stop(self) -> None:
        self._served.close()

    def close(self) -> None:
        self.stop()
        self.store.close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.port}/feed"

    def write(self, count: int, *, topic: str = TOPIC, size: int = 0) -> None:
        """``count`` events in one transaction; ``n`` in the data is the seq."""

        def work(connection: Any) -> None:
            head = self.reader.head(topic)
            for n in range(head + 1, head + count + 1):
                assert append(connection, topic, "counted", {"n": n, "fill": "x" * size}) == n

        self.store.write(work)

    def write_told(self, count: int, *, lose: int = 0) -> None:
        """As `write`, and what was written is handed on fresh, but for the first ``lose``."""
        head = self.reader.head(TOPIC)
        self.write(count)
        events = self.reader.read(TOPIC, head + lose, count)
        self.wakeups.notify(
            [Fresh(TOPIC, one.seq, one.at, one.kind, json.dumps(one.data)) for one in events]
        )

    def _may_read(self, asker: Asker, topic: str) -> float:
        name = asker.headers.get("reader", "")
        self.batches[name] = self.batches.get(name, 0) + 1
        return self.right if topic != "secret" and name not in self.strangers else 0


Item = Event | Reload | str


class Reader(Protocol):
    """One reader of `TOPIC`, from a cursor on."""

    def take(self, count: int) -> list[Event]:
        """The next ``count`` events. AssertionError when they do not come."""
        ...

    def first(self) -> Item:
        """What comes first: an event, `Reload`, or "refused"."""
        ...

    def close(self) -> None: ...


class _OneByOne:
    """Takes items one by one from what arrives in batches."""

    def __init__(self) -> None:
        self._spare: list[Item] = []

    def batch(self) -> list[Item]:
        """What arrives next; may be empty."""
        raise NotImplementedError

    def take(self, count: int) -> list[Event]:
        found: list[Event] = []
        while len(found) < count:
            item = self.first()
            assert isinstance(item, Event), item
            found.append(item)
        return found

    def first(self) -> Item:
        until = time.monotonic() + DEADLINE
        while not self._spare:
            assert time.monotonic() < until, "nothing came"
            self._spare += self.batch()
        return self._spare.pop(0)


class Polls(_OneByOne):
    """Poll (``wait`` 0) and long poll."""

    wait = 0

    def __init__(self, url: str, after: int, name: str = "") -> None:
        super().__init__()
        self._url, self._after, self._name = url, after, name
        self._session = requests.Session()
        self._session.trust_env = False

    def close(self) -> None:
        self._session.close()

    def batch(self) -> list[Item]:
        query: dict[str, Any] = {"topic": TOPIC, "after": self._after, "wait": self.wait}
        answer = self._session.get(
            self._url, params=query, headers={"reader": self._name}, timeout=30
        )
        body = answer.json()
        if answer.status_code == 403:
            return ["refused"]
        if answer.status_code == 410:
            assert body["reload"] is True
            return [Reload(body["cursor"])]
        assert answer.status_code == 200, body
        self._after = body["cursor"]
        return [Event(**event) for event in body["events"]]


class LongPolls(Polls):
    """The same, waiting at the server."""

    wait = 10


class Client(_OneByOne):
    """`common.feed.client.follow`, as the updater uses it."""

    def __init__(self, url: str, after: int, name: str = "") -> None:
        super().__init__()
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["reader"] = name
        self._items = follow(self._session, url, TOPIC, after, wait=10)

    def batch(self) -> list[Item]:
        try:
            return [next(self._items)]
        except RefusedError:
            return ["refused"]

    def close(self) -> None:
        self._session.close()


class Socket(_OneByOne):
    """A WebSocket, by the real `websockets` client."""

    def __init__(self, url: str, after: int, name: str = "") -> None:
        super().__init__()
        self._stack = contextlib.ExitStack()
        self._connection = self._stack.enter_context(open_socket(url, name))
        subscribe(self._connection, TOPIC, after)

    def batch(self) -> list[Item]:
        frame = json.loads(self._connection.recv(timeout=DEADLINE))
        if "reload" in frame:
            return [Reload(frame["cursor"])]
        if "error" in frame:
            return [frame["error"]]
        return [Event(**event) for event in frame.get("events", [])]

    def close(self) -> None:
        self._stack.close()


TRANSPORTS: dict[str, type[Polls | Client | Socket]] = {
    "poll": Polls,
    "long poll": LongPolls,
    "WebSocket": Socket,
    "client": Client,
}


def open_socket(url: str, name: str = "", **more: Any) -> ClientConnection:
    address = url.replace("http://", "ws://")
    headers = {"reader": name}
    opened: ClientConnection = connect(address, proxy=None, additional_headers=headers, **more)
    return opened


def subscribe(connection: ClientConnection, topic: str, after: int) -> None:
    connection.send(json.dumps({"subscribe": topic, "after": after}))


@contextlib.contextmanager
def reading(transport: str, house: House, after: int, name: str = "") -> Iterator[Reader]:
    reader = TRANSPORTS[transport](house.url, after, name)
    try:
        yield reader
    finally:
        reader.close()
