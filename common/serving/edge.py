"""The first of our own code that sees a request: who asks, over what, and where it goes.

Four rules, the first three for HTTP and WebSocket alike:

1. Only we say who the peer is. ``callstead-peer`` from outside is removed, in every spelling:
   WSGI folds ``-`` and ``_`` together, so no header with an underscore is let in at all.
2. Where there is TLS, plain HTTP reaches only the paths the program allows; a page is sent to
   https, anything else is refused with a sentence, for its content already went in the clear.
3. The feed's path goes to the feed, what the program takes on the event loop itself goes there,
   everything else to Flask.
4. When what is served on the event loop fails, or raises `HangUpError`, the connection is cut
   without an answer, for senders that throw away what is answered with an error and keep what
   got no answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote

from werkzeug.exceptions import ClientDisconnected

from common.logs import get_logger
from common.serving.protocol import CUT, PEER

if TYPE_CHECKING:
    from common.feed import FeedApp

log = get_logger(__name__)

PEER_HEADER = b"callstead-peer"
_PEER_ENVIRON = "HTTP_CALLSTEAD_PEER"


def peer(environ: Mapping[str, Any]) -> str | None:
    """The sha256 (hex) of the TLS client's certificate, from a WSGI environ; None: it showed none.

    The certificate was signed by the server's ``client_ca``, or the handshake had failed.
    """
    return environ.get(_PEER_ENVIRON) or None


class HangUpError(Exception):
    """Raised by a `Direct` to have the connection closed without any answer."""


class Direct(Protocol):
    """An ASGI application for paths that are served on the event loop, without a thread."""

    def handles(self, path: str) -> bool:
        """Whether a path is one of its own."""
        ...

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        ...


class Edge:
    """The ASGI application that uvicorn runs.

    Args:
        flask: Flask as ASGI (a2wsgi).
        feed: the feed, or None.
        direct: what is served on the event loop, or None.
        socket: takes WebSockets at paths of its own, beside the feed's; or None.
        tls: whether the port speaks TLS; without it plain HTTP may do everything.
        plain_prefixes: paths (and what is below them) that plain HTTP may reach.
        body_seconds: a request's body may pause for so long; then the request fails, because
            a thread of the pool waits for it.
    """

    def __init__(
        self,
        flask: Any,
        feed: FeedApp | None,
        *,
        direct: Direct | None = None,
        socket: Direct | None = None,
        tls: bool,
        plain_prefixes: tuple[str, ...],
        body_seconds: float = 30,
    ) -> None:
        self._flask = flask
        self._feed = feed
        self._direct = direct
        self._socket = socket
        self._tls = tls
        self._plain_prefixes = plain_prefixes
        self._body_seconds = body_seconds

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        scope = _with_true_peer(scope)
        if not scope.get("query_string", b"").isascii():
            await refuse(scope, send, 400, "The address is not valid: its query is not ASCII.")
        elif self._tls and scope["scheme"] in {"http", "ws"} and not self._plain(scope["path"]):
            await self._insist_on_tls(scope, send)
        elif self._feed is not None and scope["path"] == self._feed.prefix:
            await self._feed(scope, receive, send)
        elif scope["type"] == "websocket" and self._takes_socket(scope["path"]):
            assert self._socket is not None  # noqa: S101 - it was asked just now
            await self._socket(scope, receive, send)
        elif scope["type"] == "websocket":
            await refuse(scope, send, 404, "There is no WebSocket at this address.")
        elif self._direct is not None and self._direct.handles(scope["path"]):
            await self._run_direct(self._direct, scope, receive, send)
        else:
            await self._flask(scope, self._patient(receive), send)

    async def _run_direct(self, direct: Direct, scope: Any, receive: Any, send: Any) -> None:
        try:
            await direct(scope, self._or_cut(scope, receive), send)
        except (HangUpError, ClientDisconnected):
            await cut(scope, receive)
        except Exception:
            log.exception("serving.direct_failed", path=scope["path"])
            await cut(scope, receive)

    def _takes_socket(self, path: str) -> bool:
        return self._socket is not None and self._socket.handles(path)

    def _plain(self, path: str) -> bool:
        return any(
            path == prefix or path.startswith(prefix.rstrip("/") + "/")
            for prefix in self._plain_prefixes
        )

    async def _insist_on_tls(self, scope: Any, send: Any) -> None:
        if scope["type"] == "websocket" or scope["method"] not in {"GET", "HEAD"}:
            await refuse(scope, send, 403, "This address speaks https only; ask again over https.")
            return
        host = _header(scope, b"host") or _server_name(scope)
        query = scope["query_string"].decode("ascii")
        location = f"https://{host}{quote(scope['path'])}{'?' + query if query else ''}"
        await _answer(send, 308, b"", [(b"location", location.encode("latin-1"))])

    def _patient(self, receive: Any) -> Any:
        async def next_part() -> Any:
            try:
                async with asyncio.timeout(self._body_seconds):
                    message = await receive()
            except TimeoutError:
                raise ClientDisconnected("The request's body stopped arriving.") from None
            # a2wsgi would take a connection lost half-way for the end of the body.
            if message["type"] == "http.disconnect":
                raise ClientDisconnected("The client left before its request was whole.")
            return message

        return next_part

    def _or_cut(self, scope: Any, receive: Any) -> Any:
        """As `_patient`, for what comes thousands of times a second: without a task to cancel."""
        loop = asyncio.get_running_loop()

        async def next_part() -> Any:
            timer = loop.call_later(self._body_seconds, scope["state"][CUT])
            try:
                message = await receive()
            finally:
                timer.cancel()
            if message["type"] == "http.disconnect":
                raise ClientDisconnected("The client left before its request was whole.")
            return message

        return next_part


async def refuse(scope: Any, send: Any, status: int, sentence: str) -> None:
    """Answer an HTTP request or a WebSocket's opening with a JSON error."""
    body = json.dumps({"error": "refused", "message": sentence}, ensure_ascii=False).encode()
    prefix = "websocket.http.response" if scope["type"] == "websocket" else "http.response"
    await _answer(send, status, body, [(b"content-type", b"application/json")], prefix)


async def _answer(
    send: Any,
    status: int,
    body: bytes,
    headers: list[tuple[bytes, bytes]],
    prefix: str = "http.response",
) -> None:
    headers = [*headers, (b"content-length", str(len(body)).encode()), (b"connection", b"close")]
    await send({"type": f"{prefix}.start", "status": status, "headers": headers})
    await send({"type": f"{prefix}.body", "body": body})


async def cut(scope: Any, receive: Any) -> None:
    """Close the connection without an answer, and wait until it is.

    uvicorn would answer 500 to an open one.
    """
    scope["state"][CUT]()
    while (await receive())["type"] != "http.disconnect":
        pass


def _with_true_peer(scope: Any) -> Any:
    headers = [
        (name, value)
        for name, value in scope["headers"]
        if b"_" not in name and name.lower() != PEER_HEADER
    ]
    fingerprint = scope.get("state", {}).get(PEER)
    if fingerprint:
        headers.append((PEER_HEADER, fingerprint.encode()))
    return {**scope, "headers": headers}


def _header(scope: Any, wanted: bytes) -> str:
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == wanted), "")


def _server_name(scope: Any) -> str:
    host, port = scope["server"] or ("localhost", 443)
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
