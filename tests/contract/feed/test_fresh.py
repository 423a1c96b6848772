"""What was committed here just now goes out without being read again, to who may have it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from common.feed import FeedReader
from tests.contract.feed.house import DEADLINE, TOPIC, House, open_socket, subscribe


class Counted:
    """The storage, and how often events were read from it."""

    def __init__(self, inner: FeedReader) -> None:
        self.inner = inner
        self.reads = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def read(self, topic: str, after: int, limit: int) -> Any:
        self.reads += 1
        return self.inner.read(topic, after, limit)


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    made = House(tmp_path / "feed.db", woken=False)
    made.stop()
    made.reader = Counted(made.reader)  # type: ignore[assignment]
    made.right = 600.0
    made.start()
    yield made
    made.close()


def reads(house: House) -> int:
    counted = house.reader
    assert isinstance(counted, Counted)
    return counted.reads


@contextmanager
def following(house: House) -> Iterator[ClientConnection]:
    """A socket that has read the first event, and so knows its right."""
    house.write(1)
    with open_socket(house.url, "anna") as connection:
        subscribe(connection, TOPIC, 0)
        assert seqs(connection) == [1]
        yield connection


def seqs(connection: ClientConnection) -> list[int]:
    frame = json.loads(connection.recv(timeout=DEADLINE))
    return [event["seq"] for event in frame["events"]]


def test_what_follows_on_is_sent_as_it_was_handed_on(house: House) -> None:
    with following(house) as connection:
        before = reads(house)
        for head in (2, 4):
            house.write_told(2)
            frame = json.loads(connection.recv(timeout=DEADLINE))
            assert [one["data"]["n"] for one in frame["events"]] == [head, head + 1]
            assert frame["cursor"] == head + 1
        assert reads(house) == before + 2  # by `write_told` itself


def test_what_does_not_follow_on_is_read_with_what_is_missing(house: House) -> None:
    with following(house) as connection:
        house.write_told(3, lose=2)
        assert seqs(connection) == [2, 3, 4]
        house.write_told(1)
        assert seqs(connection) == [5]


def test_what_comes_while_the_past_is_read_comes_once(house: House) -> None:
    house.write(1200)  # three batches
    with open_socket(house.url, "anna") as connection:
        subscribe(connection, TOPIC, 0)
        house.write_told(3)
        house.write_told(3)
        found: list[int] = []
        while len(found) < 1206:
            found += seqs(connection)
        assert found == list(range(1, 1207))


def test_a_right_that_is_taken_away_ends_what_is_handed_on(house: House) -> None:
    house.right = 0.2
    with following(house) as connection:
        house.strangers.add("anna")
        time.sleep(0.25)  # the clock of the right is the event loop's own
        house.write_told(1)
        frame = json.loads(connection.recv(timeout=DEADLINE))
        assert frame["error"] == "refused"
        house.write_told(1)
        subscribe(connection, "other", 9)  # answered after whatever was due before
        assert json.loads(connection.recv(timeout=DEADLINE))["topic"] == "other"


def test_a_right_that_still_holds_is_asked_for_again_and_nothing_is_lost(house: House) -> None:
    house.right = 0.05
    with following(house) as connection:
        found: list[int] = []
        for _ in range(20):
            house.write_told(1)
            time.sleep(0.01)
        while len(found) < 20:
            found += seqs(connection)
        assert found == list(range(2, 22))


def test_a_moment_waits_for_the_right_and_is_not_told_without_it(house: House) -> None:
    house.right = 0.05
    with following(house) as connection:
        time.sleep(0.1)
        house.passing.tell(TOPIC, "typing", {"n": 1})
        frame = json.loads(connection.recv(timeout=DEADLINE))
        assert frame["moment"]["data"] == {"n": 1}
        house.strangers.add("anna")
        time.sleep(0.1)
        house.passing.tell(TOPIC, "typing", {"n": 2})
        assert json.loads(connection.recv(timeout=DEADLINE))["error"] == "refused"
        subscribe(connection, "other", 9)
        assert json.loads(connection.recv(timeout=DEADLINE))["topic"] == "other"


def test_a_moment_of_another_process_is_told_and_what_is_none_is_dropped(house: House) -> None:
    sent: list[str] = []
    house.passing.beyond = sent.append
    house.passing.tell("nobody listens", "typing", {"n": 1})
    house.passing.tell_here("nobody listens", "place", {})
    (text,) = sent
    with following(house) as connection:
        for junk in ("", "{", "[]", '["t", 5]', '["t", {"kind": 1}]', text + "x"):
            house.passing.heard(junk)
        house.passing.heard(text.replace("nobody listens", TOPIC))
        assert json.loads(connection.recv(timeout=DEADLINE))["moment"]["kind"] == "typing"
