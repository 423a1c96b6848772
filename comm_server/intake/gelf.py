"""GELF, over HTTP (``POST /api/DSN/gelf``) and UDP (chunked, compressed).

Levels are those of syslog; messages less severe than wanted are counted and not kept.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter, OrderedDict
from typing import Any

from comm_server.intake.interface import Lookup, Parsed, PoisonError, Usual
from comm_server.intake.syslog import LEVELS, SEVERITIES
from comm_server.plain import one_line
from comm_server.settings import IntakeSettings

_ALERT = 1  # what GELF 1.1 has for a message without a level
_MAGIC = b"\x1e\x0f"
_MOST_CHUNKS = 128  # the format's own limit


class GelfIntake(Usual):
    """Graylog's format, which log libraries of most languages speak."""

    kind = "gelf"
    paths = ("/api/<int:dsn>/gelf",)

    def key_of(self, header: Lookup, query: Lookup, head: bytes) -> str | None:  # noqa: ARG002 - the interface's
        """From ``Authorization: Bearer``, or ``?key=`` where only the address can be set."""
        found = re.fullmatch(r"Bearer\s+([0-9a-zA-Z]{16,64})", header("Authorization") or "")
        return found[1] if found else query("key")

    def answer(self, head: bytes) -> dict[str, Any]:  # noqa: ARG002 - the interface's
        """Nothing more to say than that it is kept."""
        return {"kept": True}

    def parse(self, body: bytes, settings: IntakeSettings) -> Parsed:
        """One message."""
        if len(body) > settings.most_event:
            raise PoisonError(f"a message of {len(body)} bytes is over the limit")
        try:
            value = json.loads(body.rstrip(b"\0"))
        except (ValueError, RecursionError) as error:
            raise PoisonError(f"not JSON: {error}") from error
        if not isinstance(value, dict) or not isinstance(value.get("short_message"), str):
            raise PoisonError("a GELF message is a JSON object with a text `short_message`")
        level = value.get("level", _ALERT)
        level = level if isinstance(level, int) and 0 <= level < len(LEVELS) else _ALERT
        if level > SEVERITIES.index(settings.least_severity):
            return Parsed(ignored=Counter({f"gelf: {SEVERITIES[level]}": 1}))
        event: dict[str, Any] = {
            # The same bytes twice are the same message: its time stands in it.
            "event_id": hashlib.sha256(body).hexdigest()[:32],
            "level": LEVELS[level],
            "message": str(value.get("full_message") or value["short_message"]),
            "server_name": one_line(value.get("host") or ""),
            "extra": {k[1:]: v for k, v in value.items() if k.startswith("_") and len(k) > 1},
        }
        if isinstance(value.get("timestamp"), int | float):
            event["timestamp"] = value["timestamp"]
        return Parsed(events=[event])


def encoding_of(datagram: bytes) -> str:
    """How a datagram is compressed, by its first bytes."""
    if datagram.startswith(b"\x1f\x8b"):
        return "gzip"
    return "deflate" if datagram[:1] == b"\x78" else ""


class Chunks:
    """Puts chunked datagrams together, within bounds.

    Args:
        most: at most so many unfinished messages; the oldest goes first.
        most_bytes: of one message.
        seconds: a message must be whole within this; 5 is the format's own rule.
    """

    def __init__(self, most: int, most_bytes: int, seconds: float = 5) -> None:
        self._most, self._most_bytes, self._seconds = most, most_bytes, seconds
        self._open: OrderedDict[tuple[str, bytes], tuple[float, int, dict[int, bytes]]] = (
            OrderedDict()
        )
        self.lost = 0

    def add(self, datagram: bytes, sender: str, now: float) -> bytes | None:
        """The whole message, when ``datagram`` is one or completes one.

        ``now`` is in seconds of a clock that only goes forward.
        """
        if not datagram.startswith(_MAGIC):
            return datagram
        if len(datagram) < 12 or not 0 < datagram[11] <= _MOST_CHUNKS:
            return None
        key, number, count = (sender, datagram[2:10]), datagram[10], datagram[11]
        self._forget(now, room=key not in self._open)
        _started, expected, parts = self._open.setdefault(key, (now, count, {}))
        if number >= expected or count != expected:
            return None
        parts[number] = datagram[12:]
        if sum(map(len, parts.values())) > self._most_bytes:
            del self._open[key]
            self.lost += 1
            return None
        if len(parts) < expected:
            return None
        del self._open[key]
        return b"".join(parts[index] for index in range(expected))

    def _forget(self, now: float, *, room: bool) -> None:
        """Let go of what is too old, and of the oldest when ``room`` for another is needed."""
        while self._open:
            oldest = next(iter(self._open))
            young = self._open[oldest][0] + self._seconds > now
            if young and (not room or len(self._open) < self._most):
                return
            del self._open[oldest]
            self.lost += 1
