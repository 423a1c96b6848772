"""What is served on the event loop may cut: a sender that gets no answer keeps what it has."""

from __future__ import annotations

import contextlib
import http.client
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from common.serving import HangUpError, TlsIdentity
from common.serving.edge import Edge
from tests.support.serving import served

PATIENT = dict(Edge.__init__.__kwdefaults__ or {})


class Cutting:
    """Reads the body, then fails as the path says."""

    def handles(self, path: str) -> bool:
        return path in {"/cut", "/fault"}

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive()).get("more_body"):
            pass
        raise HangUpError if scope["path"] == "/cut" else ValueError("a fault of ours")


@pytest.mark.parametrize("path", ["/cut", "/fault"])
def test_over_plain_http_nothing_is_answered_and_the_next_connection_is_served(
    flask: Flask, path: str
) -> None:
    with served(flask, direct=Cutting()) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", path, b"body")
        with pytest.raises(ConnectionError):
            connection.getresponse()
        connection.close()
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"well"
        connection.close()


def test_over_tls_nothing_is_answered(flask: Flask, tls: TlsIdentity) -> None:
    assert tls.client_ca
    context = ssl.create_default_context(cafile=str(Path(tls.client_ca)))
    with served(flask, direct=Cutting(), tls=tls, plain_prefixes=()) as server:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=60, context=context
        )
        connection.request("POST", "/cut", b"body")
        with pytest.raises((ConnectionError, ssl.SSLError)):
            connection.getresponse()
        connection.close()


def test_where_there_is_tls_plain_http_does_not_reach_it(flask: Flask, tls: TlsIdentity) -> None:
    with served(flask, direct=Cutting(), tls=tls) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("POST", "/cut", b"body")
        assert connection.getresponse().status == 403
        connection.close()


def test_a_sender_that_leaves_half_way_hurts_nobody(flask: Flask) -> None:
    with served(flask, direct=Cutting()) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as half:
            half.sendall(b"POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"well"
        connection.close()


def test_a_body_that_stops_arriving_is_cut_off(
    flask: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Edge.__init__, "__kwdefaults__", {**PATIENT, "body_seconds": 0.2})
    with (
        served(flask, direct=Cutting()) as server,
        socket.create_connection(("127.0.0.1", server.port), timeout=60) as half,
    ):
        half.sendall(b"POST /cut HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        with contextlib.suppress(ConnectionResetError):
            assert half.recv(1) == b""
