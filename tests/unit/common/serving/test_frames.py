"""The short way for whole texts tells the application and the peer what the long way tells them."""

from __future__ import annotations

import asyncio
import itertools
import os
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from uvicorn import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState

from common.serving.frames import MOST_FRAME_BYTES, LeanSocket

HEAD = (
    b"GET /feed HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)


class Wire(asyncio.Transport):
    """What the server writes to the peer."""

    def __init__(self) -> None:
        super().__init__()
        self.sent, self.closed = b"", False
        self.wrote = asyncio.Event()

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("127.0.0.1", 1), "sockname": ("127.0.0.1", 2)}.get(name, default)

    def write(self, data: Any) -> None:
        self.sent += bytes(data)
        self.wrote.set()

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


def frame(kind: int, content: bytes, *, last: bool = True, masked: bool = True) -> bytes:
    """One frame of a client."""
    length = len(content)
    head = bytes([kind | (0x80 if last else 0)])
    flag = 0x80 if masked else 0
    if length < 126:
        head += bytes([flag | length])
    elif length < 65536:
        head += bytes([flag | 126]) + length.to_bytes(2, "big")
    else:
        head += bytes([flag | 127]) + length.to_bytes(8, "big")
    if not masked:
        return head + content
    mask = b"\x11\x22\x33\x44"
    return head + mask + bytes(one ^ mask[n % 4] for n, one in enumerate(content))


def converse(
    kind: type[Any], pieces: list[bytes], *, answers: bool = True
) -> tuple[list[Any], bytes, bool]:
    """What the application hears, what the peer is sent, and whether the connection is closed."""

    async def run() -> tuple[list[Any], bytes, bool]:
        heard: list[Any] = []

        async def application(_scope: Any, receive: Any, send: Any) -> None:
            await receive()
            await send({"type": "websocket.accept"})
            while (message := await receive())["type"] == "websocket.receive":
                heard.append(message.get("text", message.get("bytes")))
                if answers:
                    text = f"{len(heard)} 好" * len(heard)
                    await send({"type": "websocket.send", "text": text})
            heard.append(message["code"])

        config = Config(application, ws_max_size=MOST_FRAME_BYTES, ws_per_message_deflate=False,
                        ws_ping_interval=None, log_config=None)  # fmt: skip
        config.load()
        socket, wire = kind(config, ServerState(), {}), Wire()
        socket.connection_made(wire)
        socket.data_received(HEAD)
        for _ in range(5):
            await asyncio.sleep(0)
        for piece in pieces:
            if not wire.closed:
                socket.data_received(piece)
            for _ in range(5):
                await asyncio.sleep(0)
        socket.connection_lost(None)
        for _ in range(60):
            await asyncio.sleep(0)
        return heard, wire.sent, wire.closed

    return asyncio.run(run())


def test_the_server_stops_while_a_peer_begins_to_close():
    class Stops(LeanSocket):
        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if data == frame(8, b"\x03\xe8"):
                self.shutdown()

    heard, sent, closed = converse(Stops, [frame(1, b"bye"), frame(8, b"\x03\xe8")])
    assert heard == ["bye", 1000]
    assert sent.endswith(b"\x88\x02\x03\xe8")
    assert closed


def cut(stream: bytes, places: list[int]) -> list[bytes]:
    """``stream`` in pieces, as a network may hand it over."""
    edges = sorted({0, len(stream), *(place % (len(stream) + 1) for place in places)})
    return [stream[a:b] for a, b in itertools.pairwise(edges)]


FRAMES = some.one_of(
    some.text(max_size=200).map(lambda text: frame(1, text.encode())),
    some.binary(max_size=200).map(lambda content: frame(1, content)),  # often no UTF-8
    some.binary(max_size=20).map(lambda content: frame(2, content)),
    some.binary(max_size=20).map(lambda content: frame(9, content)),
    some.tuples(some.text(max_size=20), some.text(max_size=20)).map(
        lambda two: frame(1, two[0].encode(), last=False) + frame(0, two[1].encode())
    ),
    some.just(frame(1, b"in the middle", last=False)),
    some.just(frame(1, b"not masked", masked=False)),
    some.just(frame(8, b"\x03\xe8")),
    some.just(frame(3, b"of no kind")),
    some.just(frame(1, b"x" * 300)),
)


@settings(max_examples=100, deadline=None)
@given(some.lists(some.tuples(FRAMES, some.lists(some.integers(0, 10**6), max_size=3)), max_size=6))
def test_any_frames_in_pieces_are_what_they_are_to_the_long_way(
    frames: list[tuple[bytes, list[int]]],
):
    pieces = [piece for one, places in frames for piece in cut(one, places)]
    whole = [one for one, _places in frames]
    assert converse(LeanSocket, pieces) == converse(WebSocketsSansIOProtocol, whole)


@settings(max_examples=100, deadline=None)
@given(some.lists(FRAMES, max_size=6), some.lists(some.integers(0, 10**6), max_size=6))
def test_frames_that_come_together_are_heard_like_those_that_come_alone(
    frames: list[bytes], places: list[int]
):
    pieces = cut(b"".join(frames), places)
    together = converse(LeanSocket, pieces, answers=False)
    assert together == converse(WebSocketsSansIOProtocol, frames, answers=False)


@pytest.mark.parametrize("size", [125, 126, MOST_FRAME_BYTES, MOST_FRAME_BYTES + 1, 200_000])
def test_a_frame_of_any_size_is_taken_or_refused(size: int):
    stream = frame(1, os.urandom(size // 2).hex().encode().ljust(size, b"x"))
    pieces = cut(stream, [3, 9, 5000])
    assert converse(LeanSocket, pieces) == converse(WebSocketsSansIOProtocol, pieces)


def meet(application: Any, **settings: Any) -> tuple[LeanSocket, Wire]:
    """A connection that is open, in the running loop."""
    config = Config(application, ws_per_message_deflate=False, log_config=None, **settings)
    config.load()
    socket, wire = LeanSocket(config, ServerState(), {}), Wire()
    socket.connection_made(wire)
    socket.data_received(HEAD)
    return socket, wire


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_what_one_turn_says_leaves_in_one_write_and_before_an_answer_to_the_peer_and_the_end():
    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        assert (await receive())["text"] == "three"
        for text in ("one", "two", "three"):
            await send({"type": "websocket.send", "text": text})
        assert (await receive())["text"] == "end"
        await send({"type": "websocket.send", "text": "last"})
        await send({"type": "websocket.close", "code": 1000})

    async def run() -> list[bytes]:
        socket, wire = meet(application, ws_ping_interval=None)
        await turns()
        writes: list[bytes] = []
        wire.write = writes.append  # type: ignore[method-assign]
        socket.data_received(frame(1, b"three"))
        await turns()
        socket.data_received(frame(1, b"end"))
        await turns()
        socket.connection_lost(None)
        await turns()
        return writes

    together, last, end = asyncio.run(run())
    assert together == b"\x81\x03one\x81\x03two\x81\x05three"
    assert (last, end[:2]) == (b"\x81\x04last", b"\x88\x02")


def test_a_peer_that_answers_pings_stays_and_one_that_answers_others_is_left():
    async def application(_scope: Any, receive: Any, send: Any) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()

    async def run() -> tuple[bytes, bool]:
        socket, wire = meet(application, ws_ping_interval=0.01, ws_ping_timeout=0.05)
        await turns()
        wire.wrote.clear()
        for _ in range(20):  # longer than the time for an answer
            wire.sent = b""
            await asyncio.wait_for(wire.wrote.wait(), 10)
            wire.wrote.clear()
            assert wire.sent[:2] == b"\x89\x04"
            socket.data_received(frame(0xA, wire.sent[2:6]))
        stayed, wire.sent = not wire.closed, b""
        while not wire.closed:
            await asyncio.wait_for(wire.wrote.wait(), 10)
            wire.wrote.clear()
            socket.data_received(frame(0xA, b"none"))
        sent = wire.sent
        socket.connection_lost(None)
        await turns()
        return sent, stayed

    sent, stayed = asyncio.run(run())
    assert stayed
    assert sent[6:].startswith(b"\x88")
    assert b"ping timeout" in sent
