"""A desk's way to the switch: SIP over WebSocket (RFC 7118), carried to this machine's switch.

The switch itself listens to this machine alone. Only an agent who is signed in comes through, with
the number of a session of their own desk's phone; what they may do there, the switch knows by the
identity that is put on it when the connection opens, and taken off it when it closes.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from appliance.domain.roles import TAKE_CONVERSATIONS, may
from appliance.domain.telephony.seats import is_number, proof_of, seat_of
from appliance.domain.users import User
from common.errors import CallsteadError
from common.feed.asker import Asker, asker_of
from common.logs import get_logger

log = get_logger(__name__)

PATH = "/api/v1/desk/phone/socket"
_SIP = "sip"
_LOOK_SECONDS = 20.0  # how long a session that ended still has its phone
_OPEN_SECONDS = 5.0
# What the desk does about it: sign in again; leave it to the other window; try again.
NOT_SIGNED_IN, ELSEWHERE, TRY_AGAIN = 4401, 4409, 1013


class Identities(Protocol):
    """`appliance.telephony.seats.Seats`."""

    def put(self, name: str, proof: str) -> None:
        """Raises NetworkError, RemoteError."""
        ...

    def drop(self, name: str) -> None:
        """Raises NetworkError, RemoteError."""
        ...


@dataclass(frozen=True)
class PhoneLimits:
    """What one desk's phone can ask for.

    Attributes:
        phones: open at once in this process.
        messages: a second, with bursts of five times as many; a call takes ten in its whole life.
    """

    phones: int = 1000
    messages: float = 20.0


class PhoneSocket:
    """The ASGI application at `PATH`.

    Args:
        person: whose session the cookies are; None: nobody's, or it has ended.
        identities: puts them on the switch.
        key: what the proofs are made with.
        port: where the switch takes WebSockets, on this machine.
        limits: see there.
    """

    def __init__(
        self,
        person: Callable[[Mapping[str, str]], User | None],
        identities: Identities,
        key: bytes,
        port: int,
        limits: PhoneLimits | None = None,
    ) -> None:
        self._person, self._identities, self._key, self._port = person, identities, key, port
        self._limits = limits or PhoneLimits()
        self._threads = ThreadPoolExecutor(4, thread_name_prefix="desk-phone")
        self._open: dict[int, _Carried] = {}  # by agent: the newest desk has the phone

    def handles(self, path: str) -> bool:
        """Whether a path is its own."""
        return path == PATH

    def close(self) -> None:
        """Let go of the threads."""
        self._threads.shutdown(wait=True)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        await receive()  # websocket.connect
        asker = asker_of(scope)
        user = await self._agent(asker) if _same_site(asker) else None
        number = parse_qs(scope["query_string"].decode("ascii")).get("session", [""])[-1]
        if user is None or not is_number(number):
            await _refuse(send, NOT_SIGNED_IN)
            return
        if len(self._open) >= self._limits.phones and user.id not in self._open:
            await _refuse(send, TRY_AGAIN)
            return
        await self._serve(user, number, asker, receive, send)

    async def _serve(self, user: User, number: str, asker: Asker, receive: Any, send: Any) -> None:
        name = seat_of(user.id)
        carried = _Carried(receive, send, self._limits.messages)
        before, self._open[user.id] = self._open.get(user.id), carried
        if before is not None:
            before.end(ELSEWHERE)
        try:
            await self._in_thread(self._identities.put, name, proof_of(self._key, user.id, number))
            async with connect(
                f"ws://127.0.0.1:{self._port}/ws", subprotocols=[Subprotocol(_SIP)],
                open_timeout=_OPEN_SECONDS, compression=None, proxy=None,
            ) as switch:  # fmt: skip
                await send({"type": "websocket.accept", "subprotocol": _SIP})
                await carried.run(switch, lambda: self._agent(asker))
        except (CallsteadError, WebSocketException, OSError, TimeoutError) as error:
            log.info("desk_phone.switch_away", agent=user.id, reason=str(error))
            carried.end(TRY_AGAIN)
        finally:
            with contextlib.suppress(OSError, RuntimeError):
                await _refuse(send, carried.why)
            if self._open.get(user.id) is carried:
                del self._open[user.id]
                with contextlib.suppress(CallsteadError):
                    await self._in_thread(self._identities.drop, name)

    async def _agent(self, asker: Asker) -> User | None:
        user = await self._in_thread(self._person, asker.cookies)
        return user if user is not None and may(user.role, TAKE_CONVERSATIONS) else None

    async def _in_thread(self, job: Callable[..., Any], *arguments: object) -> Any:
        return await asyncio.get_running_loop().run_in_executor(self._threads, job, *arguments)


class _Carried:
    """One desk's connection, until either side leaves or it is ended."""

    def __init__(self, receive: Any, send: Any, messages: float) -> None:
        self._receive, self._send = receive, send
        self._rate, self._left, self._at = messages, messages * 5, 0.0
        self._ended = asyncio.Event()
        self.why = TRY_AGAIN

    def end(self, why: int) -> None:
        """Close it, with this code."""
        if not self._ended.is_set():
            self.why = why
            self._ended.set()

    async def run(self, switch: ClientConnection, person: Callable[[], Any]) -> None:
        """Carry both ways. Raises WebSocketException, OSError."""
        loop = asyncio.get_running_loop()
        self._at = loop.time()
        tasks = [
            loop.create_task(one)
            for one in (
                self._up(switch), self._down(switch), self._still(person), self._ended.wait(),
            )
        ]  # fmt: skip
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        for result in results:
            if isinstance(result, (WebSocketException, OSError)):
                log.info("desk_phone.ended", reason=str(result))

    async def _up(self, switch: ClientConnection) -> None:
        while True:
            message = await self._receive()
            if message["type"] == "websocket.disconnect":
                return
            if not self._may_send():
                self.end(TRY_AGAIN)
                return
            await switch.send(message.get("text") or message.get("bytes") or "")

    async def _down(self, switch: ClientConnection) -> None:
        async for message in switch:
            text = message if isinstance(message, str) else message.decode("utf-8", "replace")
            await self._send({"type": "websocket.send", "text": text})

    async def _still(self, person: Callable[[], Any]) -> None:
        while await person() is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._ended.wait()
        self.end(NOT_SIGNED_IN)

    def _may_send(self) -> bool:
        now = asyncio.get_running_loop().time()
        self._left = min(self._rate * 5, self._left + (now - self._at) * self._rate)
        self._at = now
        self._left -= 1
        return self._left >= 0


async def _refuse(send: Any, code: int) -> None:
    await send({"type": "websocket.close", "code": code})


def _same_site(asker: Asker) -> bool:
    """A page of another site would come with this browser's cookies."""
    origin = urlsplit(asker.headers.get("origin", ""))
    return bool(origin.netloc) and origin.netloc == asker.headers.get("host", "")
