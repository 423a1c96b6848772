"""The feed over one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from common.clock import stamp
from common.feed.asker import SUBPROTOCOL
from common.feed.commands import Desk

if TYPE_CHECKING:
    from common.feed.app import FeedApp
    from common.feed.asker import Asker

_POLICY_VIOLATION = 1008


class _BadFrameError(Exception):
    """What the client sent is not of this protocol."""


async def serve_socket(app: FeedApp, asker: Asker, receive: Any, send: Any) -> None:
    """Serve one WebSocket until either side leaves."""
    await receive()  # websocket.connect
    if not asker.key and not _same_site(asker):
        # A page of another site would read with this browser's cookies.
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    # A browser that offered protocols wants one of them chosen.
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if asker.key else None})
    reader = _Reader(app, asker, send)
    try:
        await reader.run(receive)
    except _BadFrameError as error:
        with contextlib.suppress(OSError):
            message = {"error": "malformed", "message": str(error)}
            await send({"type": "websocket.send", "text": _json(message)})
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
    except OSError:  # uvicorn's ClientDisconnected: the peer left while we sent
        pass
    finally:
        reader.close()


class _Reader:
    """The topics one socket follows, each with its cursor.

    Two tasks: one takes commands, one sends. The sender alone reads and sends events, one batch
    after the other, so that a slow socket holds back its own reading and nothing else.
    """

    def __init__(self, app: FeedApp, asker: Asker, send: Any) -> None:
        self._app = app
        self._asker = asker
        self._send = send
        self._cursors: dict[str, int] = {}
        self._due: dict[str, None] = {}  # topics to read, in order of their turn
        self._woken = asyncio.Event()
        self._desk: Desk | None = None  # of the first command on
        self._answers: deque[dict[str, Any]] = deque()
        self._open: set[str] = set()  # topics that the asker may read, as of the last look
        self._moments: dict[tuple[str, str], dict[str, Any]] = {}  # the newest of each kind

    async def run(self, receive: Any) -> None:
        """Until the client leaves. Raises _BadFrameError, OSError."""
        loop = asyncio.get_running_loop()
        tasks = [loop.create_task(self._commands(receive)), loop.create_task(self._pump())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    def close(self) -> None:
        """Wait for nothing any more."""
        for topic in self._cursors:
            self._app.waiters.remove(topic, self._wake)
            self._app.passing.remove(topic, self._hear)
        self._cursors.clear()

    def _wake(self, topic: str) -> None:
        self._due[topic] = None
        self._woken.set()

    def _hear(self, topic: str, moment: dict[str, Any]) -> None:
        if topic in self._open:
            self._moments[topic, moment["kind"]] = moment
            self._woken.set()

    async def _commands(self, receive: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            command = _parse(message)
            if "do" in command:
                await self._obey(command)
            elif "unsubscribe" in command:
                self._leave(command["unsubscribe"])
            else:
                self._join(command["subscribe"], command["after"])

    async def _obey(self, command: dict[str, Any]) -> None:
        if self._app.commands is None:
            raise _BadFrameError("This feed takes no commands.")
        if self._desk is None:
            limits = self._app.limits
            commander = self._app.commands(self._asker)
            self._desk = Desk(commander, limits.commands, limits.unanswered, self._answer)
        await self._desk.take(command)

    def _answer(self, frame: dict[str, Any]) -> None:
        self._answers.append(frame)
        self._woken.set()

    def _join(self, topic: str, after: int) -> None:
        if topic not in self._cursors and len(self._cursors) >= self._app.limits.subscriptions:
            most = self._app.limits.subscriptions
            raise _BadFrameError(f"One socket follows at most {most} topics.")
        self._cursors[topic] = after
        self._app.waiters.add(topic, self._wake)
        self._app.passing.add(topic, self._hear)
        self._wake(topic)

    def _leave(self, topic: str) -> None:
        if self._cursors.pop(topic, None) is not None:
            self._app.waiters.remove(topic, self._wake)
            self._app.passing.remove(topic, self._hear)
            self._open.discard(topic)

    async def _pump(self) -> None:
        while True:
            try:
                async with asyncio.timeout(self._app.limits.heartbeat):
                    await self._woken.wait()
            except TimeoutError:
                await self._tell({"heartbeat": stamp(datetime.now(UTC))})
                continue
            self._woken.clear()
            while self._answers or self._due or self._moments:
                while self._answers and self._desk:
                    await self._tell(self._answers.popleft())
                    self._desk.sent()
                for topic, kind in list(self._moments):
                    moment = self._moments.pop((topic, kind))
                    await self._tell({"topic": topic, "moment": moment})
                if not self._due:
                    continue
                topic = next(iter(self._due))
                del self._due[topic]
                if topic in self._cursors:
                    await self._send_batch(topic)

    async def _send_batch(self, topic: str) -> None:
        after = self._cursors[topic]
        batch = await self._app.fetch(self._asker, topic, after)
        if self._cursors.get(topic) != after:  # subscribed anew, or left, while we read
            if topic in self._cursors:
                self._wake(topic)
            return
        if batch.refused:
            self._leave(topic)
        else:
            self._open.add(topic)
        self._cursors.update({topic: batch.cursor} if topic in self._cursors else {})
        if batch.events or batch.reload or batch.refused:
            await self._tell(batch.body(topic))
        if batch.more:
            self._wake(topic)  # at the end of the row: other topics come first

    async def _tell(self, frame: dict[str, Any]) -> None:
        await self._send({"type": "websocket.send", "text": _json(frame)})


def _parse(message: Any) -> dict[str, Any]:
    try:
        command = json.loads(message.get("text") or "")
    except ValueError:
        raise _BadFrameError("A frame is a JSON object.") from None
    if isinstance(command, dict) and "do" in command:
        name = command.get("id")
        if isinstance(command["do"], str) and isinstance(name, str) and 0 < len(name) <= 64:
            return command
        raise _BadFrameError(
            'A command is {"do": what, "id": your own id of 1 to 64 characters, "with": {...}}.'
        )
    if isinstance(command, dict):
        unsubscribe, topic = command.get("unsubscribe"), command.get("subscribe")
        if isinstance(unsubscribe, str):
            return command
        after = command.get("after")
        fits = isinstance(topic, str) and 0 < len(topic) <= 200
        if fits and type(after) is int and 0 <= after < 10**18:
            return command
    raise _BadFrameError(
        'A frame is {"subscribe": topic, "after": last seq or 0} or {"unsubscribe": topic}.'
    )


def _same_site(asker: Asker) -> bool:
    origin = asker.headers.get("origin")
    return origin is None or urlsplit(origin).netloc == asker.headers.get("host")


def _json(value: dict[str, Any]) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
