"""What only the WebSocket can do, and what is tried against it."""

from __future__ import annotations

import json
import socket
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.typing import Origin

from common.feed import FeedLimits
from tests.contract.feed.house import DEADLINE, TOPIC, House, Socket, open_socket, subscribe


def test_a_slow_reader_holds_up_nobody_and_is_not_buffered_for(house: House) -> None:
    # A small window, so that the kernel holds little of it for the reader.
    small = socket.socket()
    small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8192)
    small.connect(("127.0.0.1", house.server.port))
    with open_socket(house.url, "slow", sock=small, max_queue=1) as slow:
        subscribe(slow, TOPIC, 0)
        house.write(2000, size=12_000)  # 24 MB in all
        fast = Socket(house.url, 0, "fast")
        assert [event.seq for event in fast.take(2000)] == list(range(1, 2001))
        fast.close()
        assert house.batches["slow"] < house.batches["fast"] / 2
        seen: list[int] = []
        while len(seen) < 2000:
            frame = json.loads(slow.recv(timeout=DEADLINE))
            seen += [event["seq"] for event in frame.get("events", [])]
        assert seen == list(range(1, 2001))


def test_one_socket_follows_many_topics_and_leaves_them(house: House) -> None:
    with open_socket(house.url) as connection:
        subscribe(connection, "a", 0)
        subscribe(connection, "b", 0)
        house.write(1, topic="a")
        assert json.loads(connection.recv(timeout=DEADLINE))["topic"] == "a"
        house.write(1, topic="b")
        assert json.loads(connection.recv(timeout=DEADLINE))["topic"] == "b"
        connection.send('{"unsubscribe": "a"}')
        subscribe(connection, "c", 9)  # answered at once: what was sent before it is dealt with
        assert json.loads(connection.recv(timeout=DEADLINE))["reload"] is True
        house.write(1, topic="a")
        house.write(1, topic="b")
        assert json.loads(connection.recv(timeout=DEADLINE))["topic"] == "b"


def test_a_refused_topic_leaves_the_others_alone(house: House) -> None:
    with open_socket(house.url) as connection:
        subscribe(connection, "secret", 0)
        assert json.loads(connection.recv(timeout=DEADLINE))["error"] == "refused"
        subscribe(connection, TOPIC, 0)
        house.write(1)
        assert json.loads(connection.recv(timeout=DEADLINE))["cursor"] == 1


def test_a_quiet_socket_gets_a_heartbeat(tmp_path: Path) -> None:
    house = House(tmp_path / "feed.db", limits=FeedLimits(heartbeat=0.1))
    try:
        with open_socket(house.url) as connection:
            assert "heartbeat" in json.loads(connection.recv(timeout=DEADLINE))
    finally:
        house.close()


@pytest.mark.parametrize(
    "frame",
    [
        "not json",
        "[]",
        "{}",
        '{"subscribe": 7, "after": 0}',
        '{"subscribe": "t"}',
        '{"subscribe": "t", "after": -1}',
        '{"subscribe": "t", "after": true}',
        '{"subscribe": "t", "after": "0"}',
        '{"subscribe": "", "after": 0}',
        '{"unsubscribe": 1}',
    ],
)
def test_a_frame_that_is_not_of_the_protocol_ends_the_socket(house: House, frame: str) -> None:
    with open_socket(house.url) as connection:
        connection.send(frame)
        answer = json.loads(connection.recv(timeout=DEADLINE))
        assert answer["error"] == "malformed"
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(timeout=DEADLINE)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1008


def test_a_huge_frame_ends_the_socket(house: House) -> None:
    with open_socket(house.url) as connection:
        connection.send("x" * 100_000)
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(timeout=DEADLINE)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1009


def test_a_socket_follows_so_many_topics_and_no_more(tmp_path: Path) -> None:
    house = House(tmp_path / "feed.db", limits=FeedLimits(subscriptions=2))
    try:
        with open_socket(house.url) as connection:
            for topic in ("a", "b", "a", "c"):
                subscribe(connection, topic, 0)
            assert "at most 2" in json.loads(connection.recv(timeout=DEADLINE))["message"]
    finally:
        house.close()


def test_a_page_of_another_site_cannot_open_a_socket(house: House) -> None:
    evil = Origin("https://evil.example")
    with pytest.raises(InvalidStatus) as refused, open_socket(house.url, origin=evil):
        pass
    assert refused.value.response.status_code == 403


def test_too_many_readers_are_told_so(tmp_path: Path) -> None:
    house = House(tmp_path / "feed.db", limits=FeedLimits(readers=1))
    try:
        with open_socket(house.url) as first:
            with pytest.raises(InvalidStatus) as refused, open_socket(house.url):
                pass
            assert refused.value.response.status_code == 503
            first.close()
    finally:
        house.close()


def test_a_stopping_server_says_come_back(house: House) -> None:
    with open_socket(house.url) as connection:
        subscribe(connection, TOPIC, 0)
        house.write(1)
        connection.recv(timeout=DEADLINE)
        house.stop()
        with pytest.raises(ConnectionClosedError) as closed:
            connection.recv(timeout=DEADLINE)
        assert closed.value.rcvd
        assert closed.value.rcvd.code == 1012
