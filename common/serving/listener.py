"""The port: taken before anything else starts, and shared by TLS and plain HTTP.

The first byte of a connection tells: a TLS handshake record begins with 22, an HTTP request
with a letter. It is looked at without taking it (MSG_PEEK), then the whole socket goes to the
event loop, with TLS or without.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)

_TLS_HANDSHAKE = 0x16


def take_port(host: str, port: int, port_setting: str) -> socket.socket:
    """A listening socket at ``host``:``port`` (0 = any free port).

    Args:
        host: an address of this machine; ``0.0.0.0`` or ``::`` for all.
        port: TCP port.
        port_setting: the settings key that moves it, for the sentence.

    Raises:
        OperatorError: the port is in use or not ours to take.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    both = host == "::" and socket.has_dualstack_ipv6()
    try:
        listener = socket.create_server(
            (host, port), family=family, backlog=2048, dualstack_ipv6=both
        )
    except (OSError, OverflowError) as error:
        raise OperatorError(_why(error, host, port, port_setting)) from error
    listener.setblocking(False)
    return listener


def _why(error: Exception, host: str, port: int, port_setting: str) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return (
            f"Port {port} on {host} is in use by another program. "
            f"Stop that program, or choose another port with {port_setting}."
        )
    if code == errno.EACCES:
        return (
            f"Port {port} on {host} may not be taken by this user: ports below 1024 belong to "
            f"root. Choose one above 1023 with {port_setting}."
        )
    return f"{host}:{port} cannot be listened on ({error}). Change {port_setting} or the host."


class Listener:
    """Accepts connections and hands each to the event loop.

    Args:
        listener: from `take_port`; closed by `close`.
        factory: makes the protocol of one connection.
        context: the TLS context in force, asked anew for each connection; None: no TLS here.
        first_byte_seconds: a connection that says nothing for so long is closed.
        most_pending: so many may be silent or shaking hands at once; more are closed at once,
            so that a flood of silent connections cannot take all file descriptors.
    """

    def __init__(
        self,
        listener: socket.socket,
        factory: Callable[[], asyncio.Protocol],
        context: Callable[[], ssl.SSLContext | None],
        *,
        first_byte_seconds: float = 10,
        most_pending: int = 500,
    ) -> None:
        self._listener = listener
        self._factory = factory
        self._context = context
        self._first_byte_seconds = first_byte_seconds
        self._most_pending = most_pending
        self._pending: set[asyncio.Task[None]] = set()
        self._accepting: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to accept, in the running event loop."""
        self._accepting = asyncio.get_running_loop().create_task(self._accept())

    async def close(self) -> None:
        """Accept no more; drop connections that have not yet said anything."""
        waiting = [*self._pending, *([self._accepting] if self._accepting else [])]
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        self._listener.close()

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _address = await loop.sock_accept(self._listener)
            except OSError as error:
                # Out of file descriptors, or the peer left at once: neither may end the loop.
                log.warning("serving.accept_failed", error=str(error))
                await asyncio.sleep(0.5)
                continue
            if len(self._pending) >= self._most_pending:
                connection.close()
                continue
            task = loop.create_task(self._hand_over(connection))
            self._pending.add(task)
            task.add_done_callback(self._pending.discard)

    async def _hand_over(self, connection: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        handed = False
        try:
            connection.setblocking(False)
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            context = self._context()
            if context and not await self._speaks_tls(connection):
                context = None
            handed = True  # from here on the loop closes it, also when the handshake fails
            if context:
                await loop.connect_accepted_socket(
                    self._factory, connection, ssl=context, ssl_handshake_timeout=15
                )
            else:
                await loop.connect_accepted_socket(self._factory, connection)
        except (OSError, TimeoutError) as error:  # ssl.SSLError is an OSError
            log.debug("serving.connection_dropped", error=str(error))
        finally:
            if not handed:
                connection.close()

    async def _speaks_tls(self, connection: socket.socket) -> bool:
        """Whether the first byte begins a TLS handshake. Raises TimeoutError, OSError."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(self._first_byte_seconds):
            while True:
                readable = loop.create_future()
                loop.add_reader(connection, _done, readable)
                try:
                    await readable
                finally:
                    loop.remove_reader(connection)
                try:
                    first = connection.recv(1, socket.MSG_PEEK)
                except BlockingIOError:
                    continue
                if not first:
                    raise ConnectionResetError("closed before the first byte")
                return first[0] == _TLS_HANDSHAKE


def _done(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)
