"""A WebSocket client that costs next to nothing, because thousands share a core with the server.

No compression, no fragments, frames masked with zeros (RFC 6455, section 5.3, leaves the mask to
the client): what is sent is what was to be sent, without a pass over its bytes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

_TEXT, _CLOSE, _PING = 0x81, 0x88, 0x89


class Wire(asyncio.Protocol):
    """One connection.

    Args:
        opening: the HTTP request that asks for it.
        heard: called with each text.
        lost: called when it is gone.
    """

    def __init__(
        self, opening: bytes, heard: Callable[[bytes], None], lost: Callable[[str], None]
    ) -> None:
        self._opening, self._heard, self._lost = opening, heard, lost
        self._held = b""
        self._transport: asyncio.Transport
        self.opened: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]
        self._transport.write(self._opening)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.opened.done():
            self.opened.set_exception(ConnectionError("closed while opening"))
        self._lost(repr(exc))

    def send(self, text: bytes) -> None:
        length = len(text)
        if length < 126:
            head = bytes((_TEXT, 0x80 | length))
        else:
            head = bytes((_TEXT, 0x80 | 126)) + length.to_bytes(2, "big")
        self._transport.write(head + b"\0\0\0\0" + text)

    def close(self) -> None:
        self._transport.abort()

    def data_received(self, data: bytes) -> None:
        if self._held:
            data = self._held + data
            self._held = b""
        at = 0
        if not self.opened.done():
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._held = data
                return
            if not data.startswith(b"HTTP/1.1 101"):
                self.opened.set_exception(ConnectionError(data[:200].decode("latin-1")))
                self._transport.abort()
                return
            at = end + 4
            self.opened.set_result(None)
        while (room := len(data) - at) >= 2:
            length, start = data[at + 1], at + 2
            if length == 126:
                if room < 4:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 4], "big"), at + 4
            elif length == 127:
                if room < 10:
                    break
                length, start = int.from_bytes(data[at + 2 : at + 10], "big"), at + 10
            if start + length > len(data):
                break
            self._frame(data[at], data[start : start + length])
            at = start + length
        self._held = data[at:]

    def _frame(self, kind: int, payload: bytes) -> None:
        if kind == _TEXT:
            self._heard(payload)
        elif kind == _PING:
            self._transport.write(bytes((0x8A, 0x80 | len(payload))) + b"\0\0\0\0" + payload)
        elif kind == _CLOSE:
            self._transport.close()


def opening(host: str, path: str, **headers: str) -> bytes:
    """The request; header names with ``_`` for ``-``."""
    lines = [f"GET {path} HTTP/1.1", f"Host: {host}", "Upgrade: websocket", "Connection: Upgrade",
             "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
             "Sec-WebSocket-Version: 13"]  # fmt: skip
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()
