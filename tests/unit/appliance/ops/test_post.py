"""Whatever a customer's system answers, asking it comes to an end in time."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network

import pytest

from appliance.ops.post import KeptConnection, NotSentError, Poster

Answering = Callable[[socket.socket], None]


@contextmanager
def system(answers: Answering) -> Iterator[str]:
    """Its address; ``answers`` says what it does once it was asked."""

    def one(connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            while connection.recv(65536):
                answers(connection)

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                threading.Thread(target=one, args=[door.accept()[0]], daemon=True).start()

    with socket.create_server(("127.0.0.1", 0)) as door:
        threading.Thread(target=serve, daemon=True).start()
        yield f"http://127.0.0.1:{door.getsockname()[1]}/hook"
        with contextlib.suppress(OSError):
            door.shutdown(socket.SHUT_RDWR)


def trickles(text: bytes) -> Answering:
    def answers(connection: socket.socket) -> None:
        for byte in text * 1000:
            connection.sendall(bytes([byte]))
            time.sleep(0.1)

    return answers


@pytest.fixture
def send() -> Iterator[KeptConnection]:
    networks = [ip_network("127.0.0.0/8")]
    with contextlib.closing(Poster(timeout=lambda: 0.5, private=lambda: networks).kept()) as kept:
        yield kept


@pytest.mark.parametrize("text", [b"HTTP/1.1 2", b"HTTP/1.1 100 Continue\r\n\r\n"])
def test_an_answer_that_trickles_counts_as_none(send, text):
    with system(trickles(text)) as url:
        before = time.monotonic()
        with pytest.raises(NotSentError, match="did not answer"):
            send(url, {}, b"{}")
    assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    "head", [b"Content-Length: 1000\r\n", b"Transfer-Encoding: chunked\r\n", b""]
)
def test_a_status_counts_whatever_becomes_of_what_follows_it(send, head):
    def answers(connection: socket.socket) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n" + head + b"\r\n")
        trickles(b"1")(connection)

    with system(answers) as url:
        before = time.monotonic()
        assert [send(url, {}, b"{}"), send(url, {}, b"{}")] == [200, 200]
    assert time.monotonic() - before < 5


def test_a_connection_that_is_kept_has_its_time_anew_for_each_event(send):
    def answers(connection: socket.socket) -> None:
        time.sleep(0.3)
        connection.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")

    with system(answers) as url:
        assert [send(url, {}, b"{}") for _ in range(3)] == [204] * 3
