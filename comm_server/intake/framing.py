"""Where a syslog message ends on a connection (RFC 6587): by count, newline or NUL. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator

from comm_server.intake.interface import PoisonError

_COUNT = re.compile(rb"([1-9]\d{0,8}) ")
# A newline ends a message only before another one, so that a stack trace stays whole.
_END = re.compile(rb"\0|\r?\n(?=<\d|[1-9]\d{0,8} <|\0|\r|\n|\Z)")


class Framer:
    """Cuts a stream into messages of at most ``most`` bytes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = b""
        self._skipping = False

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The messages that ``data`` completes. Raises PoisonError: the stream is not syslog."""
        self._held += data
        while True:
            self._held = self._held.lstrip(b"\r\n\0")
            message = self._next()
            if message is None:
                return
            if message:
                yield message

    def rest(self) -> bytes:
        """What had come of the last message when the connection ended."""
        held, self._held = self._held, b""
        return b"" if self._skipping or _COUNT.match(held) else held[: self._most]

    def _next(self) -> bytes | None:
        """A message, nothing ("") of one that is left out, or None: more is needed."""
        if counted := _COUNT.match(self._held):
            size = int(counted[1])
            if size > self._most:
                raise PoisonError(f"a message of {size} bytes is over the limit")
            end = counted.end() + size
            if len(self._held) < end:
                return None
            message, self._held = self._held[counted.end() : end], self._held[end:]
            return message
        if found := _END.search(self._held):
            message, self._held = self._held[: found.start()], self._held[found.end() :]
        elif len(self._held) > self._most:
            message, self._held = self._held[: self._most], b""
            skipped, self._skipping = self._skipping, True
            return b"" if skipped else message
        else:
            return None
        skipped, self._skipping = self._skipping, False
        return b"" if skipped else message[: self._most]
