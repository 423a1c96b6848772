"""Syslog and GELF ports: sources that can give neither a key nor wait for an answer.

An event loop of its own takes messages into a bounded queue; one thread stores them, many in one
commit. When the disk is slower than the senders, connections are read more slowly and datagrams
are dropped, counted and told. Programs are told apart by what they call themselves, machines by
the host name in the message, else by the sender's address.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from comm_server import raw
from comm_server.disk import DiskGuard
from comm_server.dsns import dsn_of_source, ensure_dsn
from comm_server.intake import gelf, syslog
from comm_server.intake.framing import Framer
from comm_server.intake.interface import PoisonError
from comm_server.settings import IntakeSettings
from comm_server.tallies import tally
from common.clock import Clock, stamp
from common.errors import OperatorError
from common.logs import get_logger
from common.spool import Store

log = get_logger(__name__)
_QUEUE = 5000  # messages; at the usual 300 bytes less than two megabytes
_BATCH = 500
_COUNTS_EVERY = 5.0  # seconds; counters alone, without a message, are not worth a commit more often
_UNFINISHED = 64  # chunked GELF messages at a time
_OTHERS = ("syslog", "others")


@dataclass(frozen=True)
class Message:
    """What one sender said."""

    kind: str
    program: str
    machine: str
    encoding: str
    body: bytes
    received_at: str


class Listeners:
    """The open ports of ``settings``; none when all are 0."""

    def __init__(
        self,
        host: str,
        settings: IntakeSettings,
        store: Store,
        clock: Clock,
        tls: Callable[[], ssl.SSLContext],
        disk: DiskGuard | None = None,
    ) -> None:
        self._host, self._settings, self._store, self._clock = host, settings, store, clock
        self._tls, self._disk = tls, disk
        self._queue: queue.Queue[Message | None] = queue.Queue(_QUEUE)
        self._dsns: dict[tuple[str, str], int] = {}
        self._counts: dict[str, Counter[str]] = {"dropped": Counter(), "ignored": Counter()}
        self._lock = threading.Lock()
        self._connections: dict[asyncio.Task[Any], asyncio.StreamWriter] = {}
        self._sockets: dict[str, socket.socket] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._leave: asyncio.Event | None = None
        self._threads: list[threading.Thread] = []
        self._leaving = threading.Event()
        self.ports: dict[str, int] = {}

    def start(self) -> None:
        """Take the ports and begin. Raises OperatorError: one is in use."""
        for name in ("syslog_udp_port", "syslog_tcp_port", "syslog_tls_port", "gelf_udp_port"):
            port = getattr(self._settings, name)
            if port:
                self._take(name, port)
        if not self._sockets:
            return
        opened = threading.Event()
        for name, work in (("listen", lambda: asyncio.run(self._serve(opened))),
                           ("listen-store", self._store_all)):  # fmt: skip
            self._threads.append(threading.Thread(target=work, name=name, daemon=True))
            self._threads[-1].start()
        opened.wait(10)

    def stop(self) -> None:
        """Close the ports, then store what was taken."""
        if self._loop and self._leave:
            self._loop.call_soon_threadsafe(self._leave.set)
        for number, thread in enumerate(self._threads):
            if number:  # nothing comes any more: store the rest and end
                self._leaving.set()
            thread.join(30)
        for one in self._sockets.values():
            one.close()

    def _take(self, name: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in self._host else socket.AF_INET
        kind = socket.SOCK_DGRAM if "udp" in name else socket.SOCK_STREAM
        one = socket.socket(family, kind)
        self._sockets[name] = one
        one.setblocking(False)
        try:
            if kind == socket.SOCK_STREAM:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            else:
                one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2**20)
            one.bind((self._host, port))
        except OSError as error:
            self.stop()
            raise OperatorError(
                f"Port {port} on {self._host} cannot be taken ({error}). Choose another one with "
                f"comm.intake.{name}, or 0 to do without."
            ) from error
        self.ports[name] = port

    async def _serve(self, opened: threading.Event) -> None:
        self._loop, self._leave = asyncio.get_running_loop(), asyncio.Event()
        chunks = gelf.Chunks(_UNFINISHED, self._settings.most_event)
        makers: dict[str, Callable[[bytes, str], None]] = {
            "syslog_udp_port": self._syslog_datagram,
            "gelf_udp_port": lambda data, sender: self._gelf_datagram(chunks, data, sender),
        }
        async with contextlib.AsyncExitStack() as stack:
            for name, one in self._sockets.items():
                if name in makers:
                    transport, _ = await self._loop.create_datagram_endpoint(
                        lambda take=makers[name]: _Datagrams(take),  # type: ignore[misc]
                        sock=one,
                    )
                    stack.callback(transport.close)
                else:
                    context = self._tls() if name == "syslog_tls_port" else None
                    server = await asyncio.start_server(self._connected, sock=one, ssl=context)
                    stack.callback(server.close)
            log.info("listen.ready", **self.ports)
            opened.set()
            await self._leave.wait()
        for writer in self._connections.values():
            writer.transport.abort()  # what had come is still read, then the connection's end
        if self._connections:
            await asyncio.wait(list(self._connections), timeout=5)

    def _syslog_datagram(self, data: bytes, sender: str) -> None:
        self._offer(self._syslog(data[: self._settings.most_line], sender))

    def _gelf_datagram(self, chunks: gelf.Chunks, data: bytes, sender: str) -> None:
        whole = chunks.add(data, sender, time.monotonic())
        if chunks.lost:
            self._count("dropped", "gelf: datagrams of a message were missing", chunks.lost)
            chunks.lost = 0
        if whole:
            encoding = gelf.encoding_of(whole)
            self._offer(Message("gelf", "gelf", sender, encoding, whole, self._now()))

    def _syslog(self, data: bytes, sender: str) -> Message | None:
        """The message to store; None: it is less severe than what is wanted."""
        line = syslog.read(data)
        if line.severity > syslog.SEVERITIES.index(self._settings.least_severity):
            self._count("ignored", f"syslog: {syslog.SEVERITIES[line.severity]}", 1)
            return None
        program, machine = line.program or "syslog", line.host or sender
        return Message("syslog", program, machine, "", syslog.stored(data, sender), self._now())

    def _offer(self, message: Message | None) -> None:
        if message is None:
            return
        if not self._taking():
            self._count("dropped", f"{message.kind}: the disk was full", 1)
            return
        try:
            self._queue.put_nowait(message)
        except queue.Full:
            self._count("dropped", f"{message.kind}: arrived faster than it could be stored", 1)

    def _taking(self) -> bool:
        return self._disk is None or self._disk.taking

    def _count(self, kind: str, reason: str, number: int) -> None:
        with self._lock:
            self._counts[kind][reason] += number

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._connections) >= self._settings.most_connections:
            writer.transport.abort()
            return
        if self._disk is not None and not self._disk.taking:
            self._disk.turned_away()
            writer.transport.abort()
            return
        task = asyncio.current_task()
        if task is not None:
            self._connections[task] = writer
        sender = str(writer.get_extra_info("peername")[0])
        framer = Framer(self._settings.most_line)
        try:
            while data := await asyncio.wait_for(reader.read(65_536), self._settings.idle_seconds):
                for message in framer.feed(data):
                    await self._wait_for_room(self._syslog(message, sender))
                if self._disk is not None and not self._disk.taking:
                    self._disk.turned_away()
                    break
            if rest := framer.rest():
                await self._wait_for_room(self._syslog(rest, sender))
        except (OSError, TimeoutError, PoisonError) as error:
            log.info("listen.connection_closed", sender=sender, reason=str(error) or "idle")
        finally:
            if task is not None:
                del self._connections[task]
            writer.transport.abort()

    async def _wait_for_room(self, message: Message | None) -> None:
        if message is None:
            return
        while self._queue.full():  # noqa: ASYNC110 - a thread empties it, which sets no event
            await asyncio.sleep(0.05)
        self._queue.put_nowait(message)

    def _store_all(self) -> None:
        batch: list[Message] = []
        counted = time.monotonic()
        while batch or not self._leaving.is_set() or not self._queue.empty():
            with contextlib.suppress(queue.Empty):
                while len(batch) < _BATCH:
                    one = self._queue.get(timeout=0.0 if batch else 0.2)
                    if one is not None:
                        batch.append(one)
            if not batch and time.monotonic() < counted + _COUNTS_EVERY:
                continue
            try:
                self._write(batch)
                batch, counted = [], time.monotonic()
            except Exception:
                log.exception("listen.not_stored", messages=len(batch))
                if self._leaving.wait(1.0):
                    return  # the disk does not take them, and the program ends
        with contextlib.suppress(Exception):  # counters alone; told above when the disk is at fault
            self._write([])

    def _write(self, batch: list[Message]) -> None:
        rows = [
            raw.values(m.received_at, m.kind, self._dsn(m.program, m.machine), m.encoding, m.body)
            for m in batch
        ]
        with self._lock:
            counts = {kind: counter.copy() for kind, counter in self._counts.items()}
        if not rows and not any(counts.values()):
            return

        def work(connection: Any) -> None:
            connection.executemany(raw.INSERT, rows)
            for kind, counter in counts.items():
                tally(connection, kind, counter)

        self._store.write(work)
        with self._lock:
            for kind, counter in counts.items():
                self._counts[kind] -= counter

    def _dsn(self, program: str, machine: str) -> int:
        """The source's DSN; when there are too many sources, one for all further ones."""
        known = self._dsns.get((program, machine))
        if known is None:
            most = self._settings.most_sources
            known = dsn_of_source(self._store, program, machine, most, self._now())
            if known is None:
                known, _key = ensure_dsn(self._store, *_OTHERS, self._clock)
            if len(self._dsns) < self._settings.most_sources:
                self._dsns[program, machine] = known
        return known

    def _now(self) -> str:
        return stamp(self._clock.now())


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, take: Callable[[bytes, str], None]) -> None:
        self._take = take

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self._take(data, str(addr[0]))
