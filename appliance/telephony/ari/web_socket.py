"""The WebSocket to the switch: one thread reads it, any thread writes.

The library's own connection has a second thread that reads and hands over each frame; at a hundred
calls a second that is a tenth of their work. This is the same library's protocol without it.
"""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Iterator

from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import Event, State
from websockets.uri import parse_uri

_PIECE = 65_536  # bytes read at a time
SILENCE_SECONDS = 2.0  # then it is asked whether it is there; one that is busy is never silent


class WebSocket:
    """Open when it is made.

    Args:
        uri: ws://ADDRESS:PORT/PATH.
        authorization: the header's value.
        seconds: for the opening.
        answers: seconds in which it answers when it is asked whether it is there, or is given up.
        most: bytes of a message that is taken.

    Raises:
        OSError: nobody is there, or nobody answers.
        WebSocketException: no WebSocket is spoken there, or we are refused.
    """

    def __init__(
        self, uri: str, authorization: str, *, seconds: float, answers: float, most: int
    ) -> None:  # fmt: skip
        where = parse_uri(uri)
        self._protocol = ClientProtocol(where, max_size=most)
        self._writing = threading.Lock()
        self._socket = socket.create_connection((where.host, where.port), seconds)
        self._readable = select.poll()
        self._readable.register(self._socket, select.POLLIN)
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            request = self._protocol.connect()
            request.headers["Authorization"] = authorization
            with self._writing:
                self._protocol.send_request(request)
                self._flush()
            self._early = self._opened()
            self._socket.settimeout(answers)
        except BaseException:
            self._socket.close()
            raise

    def send(self, text: bytes) -> None:
        """Raises OSError, ConnectionClosed: it is not open any more."""
        with self._writing:
            self._protocol.send_text(text)
            self._flush()

    def __iter__(self) -> Iterator[bytes]:
        """Messages, in order, until it is closed: that raises OSError or ConnectionClosed."""
        pieces: list[bytes] = []
        events = self._early
        while True:
            for event in events:
                if isinstance(event, Frame) and event.opcode in {Opcode.TEXT, Opcode.CONT}:
                    pieces.append(bytes(event.data))
                    if event.fin:
                        yield b"".join(pieces)
                        pieces = []
            events = self._more()

    def close(self) -> None:
        """Any thread may."""
        with contextlib.suppress(OSError, ConnectionClosed), self._writing:
            if self._protocol.state is State.OPEN:
                self._protocol.send_close()
                self._flush()
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()

    def _opened(self) -> list[Event]:
        events: list[Event] = []
        while not any(isinstance(event, Response) for event in events):
            events += self._more()
        if self._protocol.handshake_exc is not None:
            raise self._protocol.handshake_exc
        return events

    def _more(self) -> list[Event]:
        data = self._received()
        with self._writing:
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
            self._flush()
        events = self._protocol.events_received()
        if not events and self._protocol.state is State.CLOSED:
            raise self._protocol.handshake_exc or self._protocol.close_exc
        if not data and not events:
            raise ConnectionResetError("the switch has closed the connection")
        return events

    def _received(self) -> bytes:
        if self._protocol.state is State.OPEN and not self._readable.poll(SILENCE_SECONDS * 1000):
            with self._writing:
                self._protocol.send_ping(b"")
                self._flush()
        return self._socket.recv(_PIECE)

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if data:
                self._socket.sendall(data)
