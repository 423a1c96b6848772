"""uvicorn's HTTP protocol, with what it lacks here: the peer, patience's end, the cut."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

# Keys in scope["state"].
PEER = "callstead_peer"
CUT = "callstead_cut"


class PeerProtocol(HttpToolsProtocol):
    """Notes the client certificate, and closes a connection whose request never arrives.

    The sha256 (hex) of the certificate's DER stands in ``scope["state"]["callstead_peer"]`` of
    every request and WebSocket on the connection; ``["callstead_cut"]`` is a function that drops
    the connection at once, without an answer. uvicorn itself waits for ever for a request's
    head; here it must be whole within ``head_seconds``.
    """

    head_seconds = 20.0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called when the TLS handshake, if any, is done."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, CUT: transport.abort}
        tls: Any = transport.get_extra_info("ssl_object")
        certificate = tls.getpeercert(binary_form=True) if tls else None
        if certificate:
            self.app_state = {**self.app_state, PEER: hashlib.sha256(certificate).hexdigest()}
        self._expect_head()

    def on_message_begin(self) -> None:
        """Called at the first byte of a request."""
        super().on_message_begin()
        if self._head_timer is None:
            self._expect_head()

    def on_headers_complete(self) -> None:
        """Called when the head of a request is whole."""
        self._stop_timer()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called when the connection is gone."""
        self._stop_timer()
        super().connection_lost(exc)

    def _expect_head(self) -> None:
        self._head_timer = self.loop.call_later(self.head_seconds, self.transport.abort)

    def _stop_timer(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None
