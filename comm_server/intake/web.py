"""The web edge of every intake: check the key, store the bytes, answer after the commit.

It runs on the event loop, without a thread for each sender. Official SDKs throw away what is
answered with 5xx, 413 or 429 and try again only when the connection fails. So a report that could
not be stored gets no answer at all: the connection is closed, and the report is still the sender's.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections import Counter
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

from comm_server.disk import DiskGuard
from comm_server.dsns import dsn_with
from comm_server.intake import KINDS
from comm_server.intake.arrivals import Arrivals
from comm_server.intake.expand import ENCODINGS, fits, head
from comm_server.intake.interface import Intake
from comm_server.settings import IntakeSettings
from comm_server.tallies import tally
from common.clock import Clock, stamp
from common.logs import get_logger
from common.serving import HangUpError
from common.spool import Store

log = get_logger(__name__)
_FIRST = 64 * 1024  # bytes that a stranger may make us read before the key is known
# Larger bodies wait their turn: each may take `most_compressed` bytes of memory.
_LARGE_AT_ONCE = 8
_KNOWN_SECONDS = 10.0  # a key that was right is asked of the database again after so long
_MOST_KNOWN = 10_000
_NUMBER = re.compile(r"/api/([0-9]{1,100})/")
_PLACE = "/api/<int:dsn>/"
_CORS = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-allow-methods", b"POST, OPTIONS"),
    (
        b"access-control-allow-headers",
        b"X-Sentry-Auth, Authorization, Content-Type, Content-Encoding",
    ),
    (b"access-control-max-age", b"86400"),
]


class _RefusedError(Exception):
    """Answered with a status and a sentence."""

    def __init__(self, status: int, detail: str) -> None:
        super().__init__(detail)
        self.status = status


class IntakeDoor:
    """Every kind of intake, as an ASGI application for `common.serving.make_server`."""

    def __init__(
        self,
        store: Store,
        settings: Callable[[], IntakeSettings],
        clock: Clock,
        disk: DiskGuard | None = None,
    ) -> None:
        self._store, self._settings, self._clock, self._disk = store, settings, clock, disk
        self._arrivals = Arrivals(store)
        self._large = asyncio.Semaphore(_LARGE_AT_ONCE)
        self._known: dict[tuple[int | None, str], tuple[int, float]] = {}
        self._places: dict[str, list[Intake]] = {}
        for intake in KINDS.values():
            for path in intake.paths:
                self._places.setdefault(path.rstrip("/"), []).append(intake)

    def handles(self, path: str) -> bool:
        """Whether a path is one of an intake."""
        return _place(path)[0] in self._places

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI, for a path that it `handles`."""
        place, dsn = _place(scope["path"])
        request = _Request(scope, receive)
        kinds = self._places[place]
        content_type = request.header("content-type") or ""
        intake = next((one for one in kinds if one.takes(content_type)), None)
        try:
            if scope["method"] == "OPTIONS":
                status, value = 200, {}
            elif scope["method"] != "POST":
                raise _RefusedError(405, "Reports are sent by POST.")
            elif intake is None:
                raise _RefusedError(415, f"Content-Type {content_type!r} is not supported.")
            else:
                status, value = 200, await self._take(request, intake, dsn)
        except _RefusedError as refusal:
            status, value = refusal.status, {"detail": str(refusal)}
        await _answer(send, status, *(intake or kinds[0]).written(value, status))

    async def _take(self, request: _Request, intake: Intake, dsn: int | None) -> dict[str, Any]:
        if self._disk is not None and not self._disk.taking:
            self._disk.turned_away()
            raise self._not_now(intake)
        encoding = (request.header("content-encoding") or "").strip().lower()
        if encoding not in ENCODINGS:
            raise _RefusedError(415, f"Content-Encoding {encoding!r} is not supported.")
        first = await request.read(_FIRST)
        start = head(first, encoding)
        number = self._writer(dsn, intake.key_of(request.header, request.query, start))
        if number is None:
            raise _RefusedError(403, "Unknown DSN. Take it from `callstead comm dsn`.")
        if request.whole:
            await self._keep(intake, number, encoding, first)
        else:
            async with self._large:
                most = self._settings().most_compressed
                body = first + await request.read(most + 1 - len(first))
                if len(body) > most:
                    raise self._too_large(
                        intake, f"A request of more than {most} bytes is not taken."
                    )
                await self._keep(intake, number, encoding, body)
        return intake.answer(start)

    async def _keep(self, intake: Intake, dsn: int, encoding: str, body: bytes) -> None:
        most = intake.largest(self._settings())
        check = (body, encoding, most)
        small = len(body) <= _FIRST  # quick enough to hold up nobody else on the event loop
        if not (fits(*check) if small else await asyncio.to_thread(fits, *check)):
            raise self._too_large(intake, f"The body expands beyond {most} bytes.")
        try:
            await self._arrivals.keep((stamp(self._clock.now()), intake.kind, dsn, encoding, body))
        except Exception as error:  # whatever kept it from the disk, the sender must keep it
            log.exception("report.not_stored", kind=intake.kind, dsn_id=dsn, bytes=len(body))
            raise self._not_now(intake) from error

    def _not_now(self, intake: Intake) -> Exception:
        """What keeps the report with its sender."""
        if intake.retries:
            return _RefusedError(503, "It could not be stored; send it again.")
        return HangUpError()

    def _too_large(self, intake: Intake, sentence: str) -> _RefusedError:
        """The refusal. It is counted, for the sender throws the report away."""
        counts = Counter({f"{intake.kind}: refused, too large": 1})
        with contextlib.suppress(Exception):  # without a disk it is refused all the same
            self._store.submit(lambda connection: tally(connection, "dropped", counts))
        return _RefusedError(413, sentence)

    def _writer(self, dsn: int | None, key: str | None) -> int | None:
        """The number of the DSN that the key belongs to."""
        if key is None:
            return None
        now = time.monotonic()
        number, until = self._known.get((dsn, key), (0, 0.0))
        if until > now:
            return number
        found = dsn_with(self._store, dsn, key)
        if found is not None:
            if len(self._known) >= _MOST_KNOWN:
                self._known.clear()
            self._known[dsn, key] = found, now + _KNOWN_SECONDS
        return found


class _Request:
    """What an intake wants to know of a request."""

    def __init__(self, scope: Any, receive: Any) -> None:
        self._scope, self._receive = scope, receive
        self._headers: dict[bytes, bytes] = dict(scope["headers"])
        self.whole = False

    def header(self, name: str) -> str | None:
        value = self._headers.get(name.lower().encode())
        return None if value is None else value.decode("latin-1")

    def query(self, name: str) -> str | None:
        found = parse_qs(self._scope["query_string"].decode("ascii"), keep_blank_values=True)
        return found[name][0] if name in found else None

    async def read(self, least: int) -> bytes:
        """At least so many bytes of the body, or all that is left: then it is ``whole``."""
        parts, size = [], 0
        while size < least and not self.whole:
            message = await self._receive()
            parts.append(message.get("body", b""))
            size += len(parts[-1])
            self.whole = not message.get("more_body", False)
        return b"".join(parts)


def _place(path: str) -> tuple[str, int | None]:
    """A path as the kinds name it, and the DSN's number that stands in it."""
    if found := _NUMBER.match(path):
        return (_PLACE + path[found.end() :]).rstrip("/"), int(found[1])
    return path.rstrip("/"), None


async def _answer(send: Any, status: int, body: bytes, content_type: str) -> None:
    headers = [
        *_CORS,
        (b"content-type", content_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
