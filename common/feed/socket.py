"""The feed over one WebSocket."""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import orjson

from common.backoff import spread
from common.clock import stamp
from common.feed.asker import SUBPROTOCOL, protocols_of
from common.feed.commands import Desk
from common.feed.rights import Held

if TYPE_CHECKING:
    from common.feed.app import FeedApp
    from common.feed.asker import Asker
    from common.feed.storage import Fresh

_POLICY_VIOLATION = 1008
_MOST_HELD = 50  # fresh events; who is further behind reads them when there is time


class _BadFrameError(Exception):
    """What the client sent is not of this protocol."""


async def serve_socket(app: FeedApp, asker: Asker, receive: Any, send: Any) -> None:
    """Serve one WebSocket until either side leaves."""
    await receive()  # websocket.connect
    if not asker.key and not _same_site(asker):
        # A page of another site would read with this browser's cookies.
        await send({"type": "websocket.close", "code": _POLICY_VIOLATION})
        return
    # Who offered protocols wants one of them chosen, and who offered none gives up at any.
    ours = SUBPROTOCOL in protocols_of(asker.headers)
    await send({"type": "websocket.accept", "subprotocol": SUBPROTOCOL if ours else None})
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
    after the other, so that a slow socket holds back its own reading and nothing else. What was
    committed in this process just now, and follows on from the cursor, is sent without reading.
    """

    def __init__(self, app: FeedApp, asker: Asker, send: Any) -> None:
        self._app = app
        self._asker = asker
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._cursors: dict[str, int] = {}
        self._rights: dict[str, float] = {}  # until when, by the loop's clock
        self._held: dict[str, list[Fresh]] = {}  # follow on from the cursor; to be sent as they are
        self._due: dict[str, None] = {}  # topics to read, in order of their turn
        self._reading = ""  # the topic that is being read
        self._woken = asyncio.Event()
        self._desk: Desk | None = None  # of the first command on
        self._answers: list[dict[str, Any]] = []
        self._moments: dict[tuple[str, str], dict[str, Any]] = {}  # the newest of each kind
        self._unsure: dict[tuple[str, str], dict[str, Any]] = {}  # until the right is known again
        self._told_at = self._loop.time()
        # Those who came all at once are not all told at once for ever.
        self._every = spread(app.limits.heartbeat)
        self._beat = self._loop.call_later(self._every, self._heartbeat)

    async def run(self, receive: Any) -> None:
        """Until the client leaves. Raises _BadFrameError, OSError."""
        pump = self._loop.create_task(self._pump())
        commands = asyncio.current_task()
        assert commands is not None  # noqa: S101 - we are in it
        ended = commands.cancel

        def end(_: object) -> None:
            ended()

        pump.add_done_callback(end)
        try:
            await self._commands(receive)
        except asyncio.CancelledError:
            if not pump.done():  # the server ends us, not the pump
                raise
            commands.uncancel()
            pump.result()
        finally:
            pump.remove_done_callback(end)
            pump.cancel()
            await asyncio.gather(pump, return_exceptions=True)

    def close(self) -> None:
        """Wait for nothing any more."""
        self._beat.cancel()
        for topic in list(self._cursors):
            self._leave(topic)

    def _wake(self, topic: str, head: int, fresh: Sequence[Fresh]) -> None:
        """Send what is fresh, if nothing is missing before it; else read, if there is anything."""
        held = self._held.get(topic)
        at = held[-1].seq if held else self._cursors[topic]
        if head and at >= head:
            return
        news = [one for one in fresh if one.seq > at]
        if (
            news and news[0].seq == at + 1 and len(held or ()) < _MOST_HELD
            and topic not in self._due and topic != self._reading and self._may(topic)
        ):  # fmt: skip
            self._held.setdefault(topic, []).extend(news)
        else:
            self._held.pop(topic, None)
            self._due[topic] = None
        self._woken.set()

    def _hear(self, topic: str, moment: dict[str, Any]) -> None:
        if self._may(topic):
            self._moments[topic, moment["kind"]] = moment
            self._woken.set()
        elif topic in self._rights:  # it is over; reading asks for it
            self._unsure[topic, moment["kind"]] = moment
            self._due[topic] = None
            self._woken.set()

    def _may(self, topic: str) -> bool:
        """Whether the right still holds."""
        return self._loop.time() < self._rights.get(topic, 0.0)

    def _judged(self, topic: str, asked: float, seconds: float) -> None:
        """The right was asked for again."""
        if topic not in self._rights:
            return
        if seconds:
            self._rights[topic] = asked + seconds
        else:
            self._rights[topic] = 0.0
            self._held.pop(topic, None)
            self._due[topic] = None  # reading it finds the same, and tells
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
        self._held.pop(topic, None)
        self._app.waiters.add(topic, self._wake)
        self._app.passing.add(topic, self._hear)
        self._due[topic] = None
        self._woken.set()

    def _leave(self, topic: str) -> None:
        self._rights.pop(topic, None)
        self._held.pop(topic, None)
        self._unsure = {key: one for key, one in self._unsure.items() if key[0] != topic}
        if self._cursors.pop(topic, None) is not None:
            self._app.rights.remove(self._right_to(topic))
            self._app.waiters.remove(topic, self._wake)
            self._app.passing.remove(topic, self._hear)

    def _heartbeat(self) -> None:
        """Tell that we are here, when nothing else was told for a while."""
        quiet, every = self._loop.time() - self._told_at, self._every
        if quiet >= every:
            self._answers.append({"heartbeat": stamp(datetime.now(UTC))})
            self._woken.set()
            quiet = 0.0
        self._beat = self._loop.call_later(every - quiet, self._heartbeat)

    async def _pump(self) -> None:
        while True:
            await self._woken.wait()
            self._woken.clear()
            while self._answers or self._held or self._moments or self._due:
                if self._answers:
                    await self._send_answers()
                elif self._held:
                    await self._send_fresh(next(iter(self._held)))
                elif self._moments:
                    (topic, _kind), moment = self._moments.popitem()
                    await self._tell(_json({"topic": topic, "moment": moment}))
                else:
                    topic = next(iter(self._due))
                    del self._due[topic]
                    if topic in self._cursors:
                        await self._send_batch(topic)

    async def _send_answers(self) -> None:
        answers, self._answers = self._answers, []
        for frame in answers:
            await self._tell(_json(frame))
            if self._desk and "id" in frame:
                self._desk.sent()

    async def _send_fresh(self, topic: str) -> None:
        events = self._held.pop(topic)
        self._cursors[topic] = cursor = events[-1].seq
        told = ",".join(one.as_json() for one in events)
        await self._tell(f'{{"topic":{_json(topic)},"events":[{told}],"cursor":{cursor}}}')

    async def _send_batch(self, topic: str) -> None:
        after = self._cursors[topic]
        self._reading, asked = topic, self._loop.time()
        batch = await self._app.fetch(self._asker, topic, after)
        self._reading = ""
        if self._cursors.get(topic) != after:  # subscribed anew, or left, while we read
            return
        if batch.refused:
            self._leave(topic)
        else:
            self._cursors[topic] = batch.cursor
            self._allow(topic, asked + batch.right)
        if batch.events or batch.reload or batch.refused:
            await self._tell(_json(batch.body(topic)))
        if batch.more:
            self._due[topic] = None  # at the end of the row: other topics come first

    def _allow(self, topic: str, until: float) -> None:
        """It may be read ``until`` then; what was heard while nobody knew is told."""
        self._rights[topic] = until
        if until < math.inf:
            self._app.rights.add(self._right_to(topic))
        for key in [key for key in self._unsure if key[0] == topic]:
            self._moments[key] = self._unsure.pop(key)

    def _right_to(self, topic: str) -> Held:
        return Held(self._asker, topic, self._judged)

    async def _tell(self, text: str) -> None:
        self._told_at = self._loop.time()
        await self._send({"type": "websocket.send", "text": text})


def _parse(message: Any) -> dict[str, Any]:
    try:
        command = orjson.loads(message.get("text") or "")
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


def _json(value: object) -> str:
    return orjson.dumps(value).decode()
