"""uvicorn's WebSocket protocol, with a short way for what nearly all frames are.

A text that comes or goes in one whole frame, and the answer to a ping, need no more than their
heads read or written; all else (fragments, closing, whatever breaks the protocol) is left to
websockets. The long way for each costs about a third of what a chat message costs here.

What one turn of the loop says to a peer leaves together: each write costs as much as the work for
what is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import State

from common.backoff import spread

try:
    from websockets.speedups import apply_mask
except ImportError:  # no C extension for this machine
    from websockets.utils import apply_mask

_WHOLE_TEXT, _PONG = 0x81, 0x8A
_MASKED = 0x80
# Of one frame: a subscription or a command with a short text.
MOST_FRAME_BYTES = 64 * 1024
_MOST_UNREAD = 8  # messages that may wait to be read, before the peer is kept waiting
_MOST_UNSENT = 16  # frames that wait for the end of the turn
_PING_BYTES = 4  # that uvicorn sends


class LeanSocket(WebSocketsSansIOProtocol):
    """One connection. websockets' parser is given whole frames, so it is always between two."""

    _held: bytes = b""  # the beginning of a frame
    _ended = False  # by the application
    _unsent: Sequence[bytes] = ()  # frames of this turn

    def data_received(self, data: bytes) -> None:
        """Some bytes have come."""
        if not self.handshake_initiated:  # the request's head, whole
            super().data_received(data)
            return
        self._flush()  # whatever is answered by the long way comes after it
        if self._held:
            data = self._held + data
        at = 0
        while not self.transport.is_closing() and (content := _content(data, at)):
            begin, end = content
            if end - begin > MOST_FRAME_BYTES:
                super().data_received(data[at:])  # to be refused now
                break
            if end > len(data):
                break
            if not (self._take_text(data, at, begin, end) or self._take_pong(data, at, end)):
                super().data_received(data[at:end])
            at = end
        self._held = data[at:]

    def shutdown(self) -> None:
        """The server stops. Where the peer has just begun to close, uvicorn's raises."""
        self._flush()
        if self.handshake_complete and not self.close_sent and self.conn.state is not State.OPEN:
            self.stop_keepalive()
            self.transport.close()
        else:
            super().shutdown()

    async def send(self, message: Any) -> None:
        """What the application says."""
        text = message.get("text")
        if (
            text is None or message["type"] != "websocket.send" or self.conn.extensions
            or self.conn.state is not State.OPEN or self.close_sent or self.disconnected
        ):  # fmt: skip
            if self.close_sent and not self._ended:  # the peer broke the protocol meanwhile
                raise ClientDisconnected
            self._ended = message["type"] == "websocket.close"
            self._flush()
            await super().send(message)
            return
        if not self.writable.is_set():
            await self.writable.wait()
            await self.send(message)
            return
        frame = _framed(text.encode())
        if isinstance(self._unsent, list):
            self._unsent.append(frame)
            if len(self._unsent) >= _MOST_UNSENT:
                self._flush()
        else:
            self._unsent = [frame]
            self.loop.call_soon(self._flush)

    def schedule_ping(self) -> None:
        """As uvicorn's; those who came all at once are not all asked at once for ever."""
        assert self.ping_interval is not None  # noqa: S101 - it is not called otherwise
        delay = spread(self.ping_interval)
        self.ping_timer = self.loop.call_later(delay, self.send_keepalive_ping)

    def keepalive_timeout(self) -> None:
        """The peer did not answer."""
        self._flush()
        super().keepalive_timeout()

    def _flush(self) -> None:
        frames, self._unsent = self._unsent, ()
        if frames and not self.transport.is_closing():
            self.transport.write(b"".join(frames))

    def _take_text(self, data: bytes, at: int, begin: int, end: int) -> bool:
        """Pass on the frame at ``at``, if it is a whole text; False: it is not."""
        conn = self.conn
        if data[at] != _WHOLE_TEXT or conn.extensions or conn.current_size is not None:
            return False
        if conn.state is not State.OPEN or self.close_sent or not data[at + 1] & _MASKED:
            return False
        try:
            text = apply_mask(data[begin:end], data[begin - 4 : begin]).decode()
        except UnicodeDecodeError:
            return False
        self.queue.put_nowait({"type": "websocket.receive", "text": text})
        if not self.read_paused and self.queue.qsize() >= _MOST_UNREAD:
            self.read_paused = True
            self.transport.pause_reading()
        return True

    def _take_pong(self, data: bytes, at: int, end: int) -> bool:
        """The same for the answer to a ping of ours."""
        if data[at] != _PONG or data[at + 1] != _MASKED | _PING_BYTES:
            return False
        if self.conn.state is not State.OPEN:
            return False
        begin = end - _PING_BYTES
        self.handle_pong(Frame(Opcode.PONG, apply_mask(data[begin:end], data[begin - 4 : begin])))
        return True


def _content(data: bytes, at: int) -> tuple[int, int] | None:
    """Where the content of the frame at ``at`` begins and ends; None: its head is not all here."""
    if len(data) - at < 2:
        return None
    length, begin = data[at + 1] & 0x7F, at + 2
    if length >= 126:
        size = 2 if length == 126 else 8
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    if data[at + 1] & _MASKED:
        begin += 4
    return (begin, begin + length) if begin <= len(data) else None


def _framed(content: bytes) -> bytes:
    """A whole text as the server sends it: not masked (RFC 6455, section 5.2)."""
    length = len(content)
    if length < 126:
        return bytes((_WHOLE_TEXT, length)) + content
    if length < 65536:
        return bytes((_WHOLE_TEXT, 126)) + length.to_bytes(2, "big") + content
    return bytes((_WHOLE_TEXT, 127)) + length.to_bytes(8, "big") + content
