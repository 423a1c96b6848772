"""Sends events to a customer's system, and to nowhere else.

The name is looked up here, every address is judged, and the connection goes to the address that was
judged: a name that leads elsewhere a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from appliance.domain.webhooks import Network, may_reach

_MOST_ANSWER = 64 * 1024


class NotSentError(Exception):
    """It did not arrive; the sentence says why."""


class Poster:
    """Opens connections to customers' systems.

    Args:
        timeout: seconds for connecting, for sending, and for the whole answer, however it trickles.
        private: networks that are allowed although they are not open to the world.
        ca_file: authorities beside the machine's own (PEM); empty: those alone.
        resolve: for tests.
    """

    def __init__(
        self,
        *,
        timeout: Callable[[], float],
        private: Callable[[], Iterable[Network]],
        ca_file: str = "",
        resolve: Callable[[str, int], list[str]] | None = None,
    ) -> None:
        self._timeout = timeout
        self._private = private
        self._ca_file = ca_file
        self._resolve = resolve or _addresses

    def kept(self) -> KeptConnection:
        """One for several events, which whoever asked for it closes."""
        return KeptConnection(self._open)

    def _open(self, scheme: str, host: str, port: int) -> http.client.HTTPConnection:
        try:
            found = self._resolve(host, port)
        except OSError as error:
            raise NotSentError(f"The name {host} leads nowhere ({error}).") from error
        allowed = [one for one in found if may_reach(one, self._private())]
        if not allowed:
            raise NotSentError(
                f"{host} is at {', '.join(found) or 'no address'}, which is not open to the world. "
                "An administrator can allow it in appliance.webhooks.private_networks."
            )
        tls = self._tls if scheme == "https" else None
        return _Connection(host, port, allowed[0], self._timeout(), tls)

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Made once: reading all the authorities of the machine takes longer than an event."""
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context


class KeptConnection:
    """Called with an address, headers and a body; answers the status.

    The connection stays open while the same system is called. One that the other side has closed
    meanwhile is opened again, and the event sent once more, which bears its number.
    """

    def __init__(self, open_to: Callable[[str, str, int], http.client.HTTPConnection]) -> None:
        self._open_to = open_to
        self._place = ("", "", 0)
        self._connection: http.client.HTTPConnection | None = None

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST it. Raises NotSentError."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        place = (parts.scheme, host, parts.port or (443 if parts.scheme == "https" else 80))
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        if place != self._place:
            self.close()
            self._place = place
        try:
            if self._connection is not None:
                with contextlib.suppress(ConnectionError):
                    return self._ask(self._connection, path, headers, body)
                self.close()
            self._connection = self._open_to(*place)
            return self._ask(self._connection, path, headers, body)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            why = error or type(error).__name__
            raise NotSentError(f"{host} did not answer ({why}).") from error

    def close(self) -> None:
        """Nothing more is sent over it."""
        if self._connection is not None:
            with contextlib.suppress(OSError):
                self._connection.close()
        self._connection = None

    def _ask(
        self, connection: http.client.HTTPConnection, path: str, headers: Mapping[str, str],
        body: bytes,
    ) -> int:  # fmt: skip
        if connection.sock is not None:
            connection.sock.settimeout(connection.timeout)
        connection.request("POST", path, body, {**headers, "Content-Length": str(len(body))})
        answer = connection.getresponse()
        with contextlib.suppress(OSError, http.client.HTTPException):  # its status says it all
            answer.read(_MOST_ANSWER)
        if not answer.isclosed():  # it says more than anybody needs, or not all that it promised
            self.close()
        return answer.status


class _Until(io.RawIOBase):
    """What a socket receives until a moment; its own time-out would begin anew with each byte."""

    def __init__(self, received: io.RawIOBase, sock: socket.socket, until: float) -> None:
        self._received, self._sock, self._until = received, sock, until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left)
        return self._received.readinto(buffer)

    def close(self) -> None:
        self._received.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """One that is there in time, or not at all."""

    def __init__(self, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        until = time.monotonic() + (sock.gettimeout() or 0.0)
        self.fp = io.BufferedReader(_Until(self.fp.detach(), sock, until))


class _Connection(http.client.HTTPConnection):
    """To one IP address, in the name of a host."""

    response_class = _Answer

    def __init__(
        self, host: str, port: int, address: str, timeout: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Open it; the certificate must be the host's."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        # Else the body waits for the acknowledgement of the headers, for up to 0.04 s.
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
