"""A server that is slow, broken or hostile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
import requests
from tuf.api.exceptions import DownloadError, DownloadHTTPError, SlowRetrievalError

from common.trust import HttpSource

Serve = Callable[..., str]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Answer one connection with the given bytes; then keep it open until the test ends, or not."""
    done = threading.Event()
    threads: list[threading.Thread] = []
    listener = socket.create_server(("127.0.0.1", 0))

    def answer(parts: tuple[bytes, ...], hold: bool) -> None:
        connection, _ = listener.accept()
        with closing(connection):
            connection.recv(65536)
            for part in parts:
                connection.sendall(part)
            if hold:
                done.wait(20)

    def start(*parts: bytes, hold: bool = False) -> str:
        threads.append(threading.Thread(target=answer, args=(parts, hold)))
        threads[-1].start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    done.set()
    for thread in threads:
        thread.join()
    listener.close()


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        yield session


def head(status: str = "200 OK", *lines: str) -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode()


def test_nobody_there(session: requests.Session) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(DownloadError, match="no connection"):
        HttpSource(f"http://127.0.0.1:{port}", session).open("metadata/timestamp.json")


def test_a_server_that_never_answers(serve: Serve, session: requests.Session) -> None:
    source = HttpSource(serve(hold=True), session, read=0.2)
    with pytest.raises(SlowRetrievalError):
        source.open("metadata/timestamp.json")


def test_a_server_that_stops_in_the_middle(serve: Serve, session: requests.Session) -> None:
    address = serve(head("200 OK", "Content-Length: 100"), b"x" * 50, hold=True)
    chunks = HttpSource(address, session, read=0.2).open("targets/x")
    assert next(chunks)
    with pytest.raises(SlowRetrievalError):
        list(chunks)


def test_slow_loris_is_cut_off_by_its_rate(serve: Serve, session: requests.Session) -> None:
    address = serve(head("200 OK", "Content-Length: 100"), b"x" * 50, hold=True)
    time = iter([0.0, 31.0])
    source = HttpSource(address, session, monotonic=lambda: next(time))
    with pytest.raises(SlowRetrievalError, match="only 50 bytes came in 31 seconds"):
        list(source.open("targets/x"))


def test_a_connection_that_is_cut(serve: Serve, session: requests.Session) -> None:
    source = HttpSource(serve(head("200 OK", "Content-Length: 100"), b"x" * 50), session)
    with pytest.raises(DownloadError, match="broke off"):
        list(source.open("targets/x"))


def test_a_redirect_is_not_followed(serve: Serve, session: requests.Session) -> None:
    address = serve(head("302 Found", "Location: http://127.0.0.1:1/", "Content-Length: 0"))
    with pytest.raises(DownloadHTTPError, match="302"):
        HttpSource(address, session).open("metadata/timestamp.json")


def test_a_server_error_is_no_404(serve: Serve, session: requests.Session) -> None:
    address = serve(head("500 Oh", "Content-Length: 0"))
    with pytest.raises(DownloadHTTPError) as caught:
        HttpSource(address, session).open("metadata/2.root.json")
    assert caught.value.status_code == 500


def test_a_server_without_ranges_is_read_from_its_start(
    serve: Serve, session: requests.Session
) -> None:
    address = serve(head("200 OK", "Content-Length: 10"), b"0123456789")
    assert b"".join(HttpSource(address, session).open("targets/x", 4)) == b"456789"


def test_an_answer_with_another_range(serve: Serve, session: requests.Session) -> None:
    address = serve(head("206 Partial", "Content-Range: bytes 7-9/10", "Content-Length: 3"), b"789")
    with pytest.raises(DownloadError, match="another part"):
        HttpSource(address, session).open("targets/x", 4)


def test_compression_is_not_undone(serve: Serve, session: requests.Session) -> None:
    address = serve(head("200 OK", "Content-Encoding: gzip", "Content-Length: 3"), b"abc")
    assert b"".join(HttpSource(address, session).open("targets/x")) == b"abc"


def test_no_server_speaking_http(serve: Serve, session: requests.Session) -> None:
    with pytest.raises(DownloadError):
        HttpSource(serve(b"\x00\x01\x02\r\n\r\n"), session).open("targets/x")
