"""A view may have the connection cut: a sender that gets no answer keeps what it has."""

from __future__ import annotations

import http.client
import ssl
from pathlib import Path

import pytest
from flask import Flask, Response

from common.serving import TlsIdentity, hang_up
from tests.support.serving import served


@pytest.fixture
def cutting(flask: Flask) -> Flask:
    @flask.post("/cut")
    def cut() -> Response:
        return hang_up()

    return flask


def test_over_plain_http_nothing_is_answered_and_the_next_connection_is_served(
    cutting: Flask,
) -> None:
    with served(cutting) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=10)
        connection.request("POST", "/cut", b"body")
        with pytest.raises(ConnectionError):
            connection.getresponse()
        connection.close()
        connection.request("GET", "/healthz")
        assert connection.getresponse().read() == b"well"
        connection.close()


def test_over_tls_nothing_is_answered(cutting: Flask, tls: TlsIdentity) -> None:
    assert tls.client_ca
    context = ssl.create_default_context(cafile=str(Path(tls.client_ca)))
    with served(cutting, tls=tls) as server:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", server.port, timeout=10, context=context
        )
        connection.request("POST", "/cut", b"body")
        with pytest.raises((ConnectionError, ssl.SSLError)):
            connection.getresponse()
        connection.close()


def test_without_the_edge_it_is_an_error_like_any_other(cutting: Flask) -> None:
    assert cutting.test_client().post("/cut").status_code == 503
