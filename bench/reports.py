"""Real reports: made by the real `sentry-sdk`, about 33 KB each and 4 KB gzipped.

A few hundred failures are captured for real. Each report is one of these with an event id, times
and a trace id of its own, gzipped as the SDK does; so no two are equal, and no id comes twice.
"""

from __future__ import annotations

import gzip
import io
import json
import logging
import re
import secrets
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DEEP = 15  # frames above the failing one: makes a report about 33 KB
_LENGTH = struct.Struct(">I")


def captured(number: int) -> list[bytes]:
    """``number`` envelopes of different failures, uncompressed."""
    import failing  # noqa: PLC0415 - the load generator needs neither
    import sentry_sdk  # noqa: PLC0415
    from sentry_sdk.transport import Transport  # noqa: PLC0415

    envelopes: list[bytes] = []

    class Kept(Transport):
        def capture_envelope(self, envelope: Any) -> None:
            body = io.BytesIO()
            envelope.serialize_into(body)
            envelopes.append(body.getvalue())

    quiet = logging.getLogger("dialler")  # to the breadcrumbs alone
    quiet.propagate, quiet.level = False, logging.INFO
    quiet.addHandler(logging.NullHandler())
    sentry_sdk.init(
        dsn="http://0123456789abcdef0123456789abcdef@127.0.0.1:1/1",
        transport=Kept(),
        release="dialler@3.2.1",
        server_name="seat-17",
        environment="production",
        max_breadcrumbs=60,
    )
    for one in range(number):
        sentry_sdk.get_isolation_scope().clear_breadcrumbs()
        failing.reported(one, DEEP)
    sentry_sdk.get_client().close(timeout=5)
    return envelopes


def reports(number: int, *, kinds: int = 200) -> Iterator[tuple[str, bytes]]:
    """``number`` event ids with their gzipped envelopes."""
    models = [(body, ids(body)) for body in captured(kinds)]
    for one in range(number):
        body, (event_id, trace_id) = models[one % len(models)]
        own = secrets.token_hex(16)
        body = body.replace(event_id, own.encode())
        body = body.replace(trace_id, secrets.token_hex(16).encode())
        yield own, gzip.compress(body, 9)


def ids(body: bytes) -> tuple[bytes, bytes]:
    header: dict[str, Any] = json.loads(body[: body.index(b"\n")])
    trace = re.search(rb'"trace_id"\s*:\s*"([0-9a-f]{32})"', body)
    return header["event_id"].encode(), trace[1] if trace else b"\0"


def write(path: Path, number: int) -> dict[str, float]:
    """A file of reports for the load generator; answers the mean sizes in bytes."""
    packed = plain = 0
    with path.open("wb") as out:
        for event_id, body in reports(number):
            packed += len(body)
            plain += int.from_bytes(body[-4:], "little")
            out.write(bytes.fromhex(event_id) + _LENGTH.pack(len(body)) + body)
    return {"plain": plain / number, "gzipped": packed / number}


def read(path: Path, first: int, number: int) -> list[bytes]:
    """Bodies that `write` wrote: ``number`` of them from the ``first`` on."""
    bodies: list[bytes] = []
    with path.open("rb") as file:
        for at in range(first + number):
            head = file.read(20)
            if not head:
                break
            (length,) = _LENGTH.unpack_from(head, 16)
            body = file.read(length)
            if at >= first:
                bodies.append(body)
    return bodies
