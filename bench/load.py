"""The load: so many senders, each with one report under way, as SDKs send.

A process of its own. Keep-alive where the server allows it; a report is sent again on a new
connection when the old one was closed between two. Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import time
from collections import Counter
from pathlib import Path
from typing import cast

import reports
import uvloop


class Sender(asyncio.Protocol):
    """One connection at a time; one report after the other from what is left."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._held = b""
        self._transport: asyncio.Transport | None = None
        self._body: bytes | None = None
        self._sent_at = 0.0
        self._tries = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass
        self._send()

    def _send(self) -> None:
        if self._body is None:
            if (wait := self._run.wait()) > 0:
                asyncio.get_running_loop().call_later(wait, self._send)
                return
            self._body = self._run.next()
            self._sent_at = time.perf_counter()
            self._tries = 0
        if self._body is None:
            if self._transport:
                self._transport.close()
                self._transport = None
            self._run.ended(self)
            return
        if self._transport is None:  # closed while it waited; the new connection sends
            return
        self._tries += 1
        self._transport.write(self._run.head % len(self._body) + self._body)

    def data_received(self, data: bytes) -> None:
        self._held = self._held + data if self._held else data
        end = self._held.find(b"\r\n\r\n")
        if end < 0:
            return
        head = self._held[:end].lower()
        at = head.find(b"content-length:")
        length = int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else 0
        if len(self._held) < end + 4 + length:
            return
        self._held = b""
        self._run.answered(int(head[9:12]), time.perf_counter() - self._sent_at)
        self._body = None
        if b"connection: close" not in head:
            self._send()
        # else the server closes, and `connection_lost` goes on

    def connection_lost(self, _exc: Exception | None) -> None:
        if self._transport is None:
            return
        self._transport = None
        self._held = b""
        if self._body is not None and self._tries >= 3:
            self._run.lost()
            self._body = None
        self._run.connect(self)


class Run:
    """What all senders share."""

    def __init__(self, arguments: argparse.Namespace, bodies: list[bytes]) -> None:
        self._host, self._port = "127.0.0.1", arguments.port
        self._bodies = iter(bodies)
        self._until = time.perf_counter() + arguments.seconds
        self._pause = 1 / arguments.rate if arguments.rate else 0.0
        self._due = time.perf_counter()
        self.latencies: list[float] = []
        self.statuses: Counter[int] = Counter()
        self.not_taken = 0
        self._connecting: set[asyncio.Task[None]] = set()
        self._open = arguments.senders
        self.done = asyncio.Event()
        self.head = (
            f"POST /api/{arguments.project}/envelope/ HTTP/1.1\r\n"
            f"Host: 127.0.0.1:{arguments.port}\r\n"
            "User-Agent: sentry.python/2.75.0\r\n"
            f"X-Sentry-Auth: Sentry sentry_key={arguments.key}, sentry_version=7, "
            "sentry_client=sentry.python/2.75.0\r\n"
            "Content-Type: application/x-sentry-envelope\r\nContent-Encoding: gzip\r\n"
        ).encode() + b"Content-Length: %d\r\n\r\n"

    def connect(self, sender: Sender) -> None:
        task = asyncio.get_running_loop().create_task(self._connect(sender))
        self._connecting.add(task)
        task.add_done_callback(self._connecting.discard)

    async def _connect(self, sender: Sender) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                await loop.create_connection(lambda: sender, self._host, self._port)
            except OSError:
                await asyncio.sleep(0.01)
                if time.perf_counter() > self._until + 30:
                    self.ended(sender)
                    return
            else:
                return

    def wait(self) -> float:
        """Seconds until the next report is due, at the rate asked for."""
        now = time.perf_counter()
        if not self._pause or now > self._until:
            return 0.0
        if self._due > now:
            return self._due - now
        self._due = max(self._due + self._pause, now - 1)
        return 0.0

    def next(self) -> bytes | None:
        return None if time.perf_counter() > self._until else next(self._bodies, None)

    def answered(self, status: int, seconds: float) -> None:
        self.statuses[status] += 1
        self.latencies.append(seconds)

    def lost(self) -> None:
        self.not_taken += 1

    def ended(self, _sender: Sender) -> None:
        self._open -= 1
        if not self._open:
            self.done.set()


async def run(arguments: argparse.Namespace, bodies: list[bytes]) -> dict[str, object]:
    made = Run(arguments, bodies)
    started = time.perf_counter()
    for _ in range(arguments.senders):
        made.connect(Sender(made))
    await made.done.wait()
    seconds = time.perf_counter() - started
    used = resource.getrusage(resource.RUSAGE_SELF)
    ordered = sorted(made.latencies)
    return {
        "accepted": made.statuses[200],
        "statuses": dict(made.statuses),
        "not_taken": made.not_taken,
        "seconds": seconds,
        "per_second": made.statuses[200] / seconds,
        "p50_ms": _at(ordered, 0.50) * 1000,
        "p99_ms": _at(ordered, 0.99) * 1000,
        "max_ms": _at(ordered, 1.0) * 1000,
        "cpu": (used.ru_utime + used.ru_stime) / seconds,
    }


def _at(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--project", required=True)
    parser.add_argument("--key", required=True)
    parser.add_argument("--senders", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--from", dest="first", type=int, default=0)
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=0, help="a second; 0: as fast as it goes")
    arguments = parser.parse_args()
    bodies = reports.read(arguments.file, arguments.first, arguments.number)
    print(json.dumps(uvloop.run(run(arguments, bodies))))


if __name__ == "__main__":
    main()
