"""The WebSocket to the switch, against the library's own server."""

from __future__ import annotations

import threading
from contextlib import closing, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.server import serve

from appliance.telephony.ari import web_socket
from appliance.telephony.ari.web_socket import WebSocket


@contextmanager
def peer(handler, **more):
    with serve(handler, "127.0.0.1", 0, compression=None, **more) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.socket.getsockname()[1]
        try:
            yield f"ws://127.0.0.1:{port}/ari/events?app=one"
        finally:
            server.shutdown()
            thread.join(10)


def opened(uri):
    return WebSocket(uri, "Basic c2VjcmV0", seconds=5, answers=0.4, most=1_000_000)


def hear(uri):
    with closing(opened(uri)) as socket:
        return list(socket)


def test_messages_come_in_order_however_they_are_cut_and_the_first_right_after_the_answer():
    def handler(connection):
        connection.send("first")
        connection.send(["in ", "three ", "pieces"])
        connection.send("long " * 40_000)
        connection.send(connection.recv())
        connection.send(connection.request.headers["Authorization"] + connection.request.path)
        connection.recv()

    with peer(handler) as uri:
        socket = opened(uri)
        socket.send("回声".encode())
        found = iter(socket)
        assert next(found) == b"first"
        assert next(found) == b"in three pieces"
        assert next(found) == b"long " * 40_000
        assert next(found).decode() == "回声"
        assert next(found) == b"Basic c2VjcmV0/ari/events?app=one"
        socket.close()


def test_who_is_refused_is_told_and_leaves_nothing_open():
    def refuse(connection, _request):
        return connection.respond(401, "no")

    with (
        peer(lambda _connection: None, process_request=refuse) as uri,
        pytest.raises(InvalidStatus, match="401"),
    ):
        opened(uri)


def test_an_end_is_told_whether_it_was_said_or_not():
    with peer(lambda connection: connection.close()) as uri, pytest.raises(ConnectionClosed):
        hear(uri)
    with (
        peer(lambda connection: connection.socket.close()) as uri,
        pytest.raises((ConnectionClosed, OSError)),
    ):
        hear(uri)


def test_who_is_silent_but_there_is_kept_and_who_does_not_answer_is_given_up(monkeypatch):
    monkeypatch.setattr(web_socket, "SILENCE_SECONDS", 0.05)
    asked = threading.Event()

    def there(connection):
        threading.Timer(0.2, connection.send, ["late"]).start()
        connection.recv()

    with peer(there) as uri:
        socket = opened(uri)
        assert next(iter(socket)) == b"late"
        socket.close()

    def stopped(connection):
        connection.protocol.receive_data = lambda _data: None  # as a switch that hangs
        asked.wait(10)

    with peer(stopped) as uri:
        with pytest.raises(TimeoutError):
            hear(uri)
        asked.set()
