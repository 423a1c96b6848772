"""Sends one event to a customer's system, and to nowhere else.

The name is looked up here, every address is judged, and the connection goes to the address that was
judged: a name that leads elsewhere a moment later changes nothing. Redirects are not followed.
"""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlsplit

from appliance.domain.webhooks import Network, may_reach

_MOST_ANSWER = 64 * 1024


class NotSentError(Exception):
    """It did not arrive; the sentence says why."""


class Poster:
    """Called with an address, headers and a body; answers the status.

    Args:
        timeout: seconds for connecting, and for each part of the answer.
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

    def __call__(self, url: str, headers: Mapping[str, str], body: bytes) -> int:
        """POST it. Raises NotSentError."""
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = parts.port or (443 if parts.scheme == "https" else 80)
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
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection = _Connection(host, port, allowed[0], self._timeout(), self._tls(parts.scheme))
        try:
            connection.request("POST", path, body, {**headers, "Content-Length": str(len(body))})
            answer = connection.getresponse()
            answer.read(_MOST_ANSWER)
        except (OSError, http.client.HTTPException) as error:
            why = error or type(error).__name__
            raise NotSentError(f"{host} did not answer ({why}).") from error
        finally:
            with contextlib.suppress(OSError):
                connection.close()
        return answer.status

    def _tls(self, scheme: str) -> ssl.SSLContext | None:
        if scheme != "https":
            return None
        context = ssl.create_default_context()
        if self._ca_file:
            context.load_verify_locations(self._ca_file)
        return context


class _Connection(http.client.HTTPConnection):
    """To one IP address, in the name of a host."""

    def __init__(
        self, host: str, port: int, address: str, timeout: float, tls: ssl.SSLContext | None
    ) -> None:
        super().__init__(host, port, timeout=timeout)
        self._address = address
        self._tls = tls

    def connect(self) -> None:
        """Open it; the certificate must be the host's."""
        self.sock = socket.create_connection((self._address, self.port), self.timeout)
        if self._tls is not None:
            self.sock = self._tls.wrap_socket(self.sock, server_hostname=self.host)


def _addresses(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
