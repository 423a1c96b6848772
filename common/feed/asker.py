"""Who asks for events, as far as the connection tells."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Any

SUBPROTOCOL = "callstead"


@dataclass(frozen=True, eq=False)
class Asker:
    """Who asks for events, as far as the connection tells; each connection has its own.

    Attributes:
        peer: sha256 (hex) of the TLS client certificate, or None.
        headers: by lower-case name.
        cookies: by name; a room finds the session in it.
        address: the IP address, for logs and limits.
        key: what was shown as ``Authorization: Bearer``, or, since a browser's WebSocket can send
            no header, as the subprotocol ``key.KEY`` beside `SUBPROTOCOL`. No browser sends it by
            itself, so a page of another site may show it; then its cookies do not count.
    """

    peer: str | None
    headers: Mapping[str, str]
    cookies: Mapping[str, str]
    address: str
    key: str = ""


def asker_of(scope: Any) -> Asker:
    """Who opened the connection of an ASGI scope."""
    headers = {n.decode("latin-1").lower(): v.decode("latin-1") for n, v in scope["headers"]}
    cookies: SimpleCookie = SimpleCookie()
    with contextlib.suppress(CookieError):
        cookies.load(headers.get("cookie", ""))
    key = _key(headers)
    return Asker(
        peer=headers.get("callstead-peer") or None,
        headers=headers,
        cookies={} if key else {name: morsel.value for name, morsel in cookies.items()},
        address=scope["client"][0] if scope["client"] else "",
        key=key,
    )


def _key(headers: Mapping[str, str]) -> str:
    kind, _, shown = headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return shown.strip()
    offered = protocols_of(headers)
    if SUBPROTOCOL not in offered:
        return ""
    return next((name.removeprefix("key.") for name in offered if name.startswith("key.")), "")


def protocols_of(headers: Mapping[str, str]) -> list[str]:
    """The subprotocols that a WebSocket's client offered."""
    return [name.strip() for name in headers.get("sec-websocket-protocol", "").split(",")]
