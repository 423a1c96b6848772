"""The first of our own code that sees a request: who asks, over what, and where it goes.

Four rules, the first three for HTTP and WebSocket alike:

1. Only we say who the peer is. ``callstead-peer`` from outside is removed, in every spelling:
   WSGI folds ``-`` and ``_`` together, so no header with an underscore is let in at all.
2. Where there is TLS, plain HTTP reaches only the paths the program allows; a page is sent to
   https, anything else is refused with a sentence, for its content already went in the clear.
3. The feed's path goes to the feed, everything else to Flask.
4. An answer made by `hang_up` is never sent: the connection is cut instead, for senders that
   throw away what is answered with an error and keep what got no answer.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from flask import Response
from werkzeug.exceptions import ClientDisconnected

from common.serving.protocol import CUT, PEER

if TYPE_CHECKING:
    from common.feed import FeedApp

PEER_HEADER = b"callstead-peer"
_PEER_ENVIRON = "HTTP_CALLSTEAD_PEER"
_HANG_UP = "callstead-hang-up"


def peer(environ: Mapping[str, Any]) -> str | None:
    """The sha256 (hex) of the TLS client's certificate, from a WSGI environ; None: it showed none.

    The certificate was signed by the server's ``client_ca``, or the handshake had failed.
    """
    return environ.get(_PEER_ENVIRON) or None


def hang_up() -> Response:
    """What a view answers to have the connection closed without any answer.

    Where no `Edge` stands before Flask, as in its test client, it is a 503.
    """
    return Response(status=503, headers={_HANG_UP: "1"})


class Edge:
    """The ASGI application that uvicorn runs.

    Args:
        flask: Flask as ASGI (a2wsgi).
        feed: the feed, or None.
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
        tls: bool,
        plain_prefixes: tuple[str, ...],
        body_seconds: float = 30,
    ) -> None:
        self._flask = flask
        self._feed = feed
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
        elif scope["type"] == "websocket":
            await refuse(scope, send, 404, "There is no WebSocket at this address.")
        else:
            await self._flask(scope, self._patient(receive), _unless_hung_up(scope, send))

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


def _unless_hung_up(scope: Any, send: Any) -> Any:
    """``send``, which cuts the connection in place of an answer made by `hang_up`."""
    cut = False

    async def send_or_cut(message: Any) -> None:
        nonlocal cut
        if message["type"] == "http.response.start" and any(
            name.lower() == _HANG_UP.encode() for name, _ in message["headers"]
        ):
            cut = True
            scope["state"][CUT]()
        if not cut:
            await send(message)

    return send_or_cut


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
