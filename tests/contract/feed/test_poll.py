"""What polls may ask, and what the log itself holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from common.backoff import Backoff
from common.feed import CursorGoneError, append, prune
from common.feed.client import Reload, follow
from common.feed.events import MOST_DATA_BYTES
from tests.contract.feed.house import TOPIC, House
from tests.support.clock import FakeClock


@pytest.fixture
def session() -> Iterator[requests.Session]:
    with requests.Session() as made:
        made.trust_env = False
        yield made


@pytest.mark.parametrize(
    "query",
    [
        "",
        "topic=updates",
        "after=0",
        "topic=&after=0",
        "topic=updates&after=-1",
        "topic=updates&after=x",
        "topic=updates&after=0&wait=soon",
        "topic=updates&after=9999999999999999999",
        "topic=" + "x" * 201 + "&after=0",
    ],
)
def test_a_question_that_makes_no_sense_is_answered_in_words(
    house: House, session: requests.Session, query: str
) -> None:
    answer = session.get(f"{house.url}?{query}", timeout=10)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert (told["type"], told["status"], told["detail"]) == ("bad-request", 400, told["message"])
    assert told["message"].endswith(".")


def test_the_feed_is_read_and_not_written(house: House, session: requests.Session) -> None:
    other = session.post(f"{house.url}?topic=updates&after=0", timeout=10)
    assert (other.status_code, other.headers["Allow"]) == (405, "GET, OPTIONS")
    assert other.json()["type"] == "method-not-allowed"


def test_an_empty_poll_answers_at_once_with_the_cursor(
    house: House, session: requests.Session
) -> None:
    house.write(2)
    answer = session.get(f"{house.url}?topic={TOPIC}&after=2", timeout=10)
    assert answer.json() == {"topic": TOPIC, "events": [], "cursor": 2}


def test_a_long_poll_ends_by_itself(house: House, session: requests.Session) -> None:
    answer = session.get(f"{house.url}?topic={TOPIC}&after=0&wait=1", timeout=10)
    assert answer.json()["events"] == []


def test_a_reader_that_hung_up_waits_no_longer(house: House, session: requests.Session) -> None:
    with pytest.raises(requests.ReadTimeout):
        session.get(f"{house.url}?topic={TOPIC}&after=0&wait=60", timeout=0.3)
    session.close()
    house.stop()  # waits for open requests; the fixture's own deadline would show one


def test_the_client_goes_on_after_a_reload_and_after_failures(house: House) -> None:
    house.write(3)
    prune(house.store, before=datetime.now(UTC) + timedelta(days=1))
    clock = FakeClock()
    with requests.Session() as session:
        session.trust_env = False
        broken = _FailsTwice(session)
        items = follow(broken, house.url, TOPIC, 1, backoff=Backoff(), clock=clock)  # type: ignore[arg-type]
        assert next(items) == Reload(3)
        assert len(clock.slept) == 2
        house.write(1)
        item = next(items)
        assert not isinstance(item, Reload)
        assert item.seq == 4


class _FailsTwice:
    verify = True

    def __init__(self, session: requests.Session) -> None:
        self._session, self._left = session, 2

    def get(self, *args: Any, **kwargs: Any) -> requests.Response:
        if self._left:
            self._left -= 1
            raise requests.ConnectionError("no route")
        return self._session.get(*args, **kwargs)


def test_an_event_of_a_change_that_was_undone_does_not_exist(house: House) -> None:
    def work(connection: Any) -> None:
        append(connection, TOPIC, "counted", {})
        raise RuntimeError("undone")

    with pytest.raises(RuntimeError):
        house.store.write(work)
    assert house.reader.head(TOPIC) == 0
    house.write(1)
    assert [event.seq for event in house.reader.read(TOPIC, 0)] == [1]


def test_a_document_is_not_an_event(house: House) -> None:
    with pytest.raises(ValueError, match="at most"):
        house.store.write(lambda c: append(c, TOPIC, "big", {"x": "y" * MOST_DATA_BYTES}))


def test_pruning_keeps_what_is_young_and_at_most_so_many(house: House) -> None:
    house.write(2500)
    long_ago = datetime.now(UTC) - timedelta(days=1)
    assert prune(house.store, before=long_ago) == 0
    assert prune(house.store, before=long_ago, most=100) == 2400
    assert (house.reader.floor(TOPIC), house.reader.head(TOPIC)) == (2400, 2500)
    assert len(house.reader.read(TOPIC, 2400)) == 100
    with pytest.raises(CursorGoneError):
        house.reader.read(TOPIC, 2399)
    assert prune(house.store, before=datetime.now(UTC) + timedelta(days=1)) == 100
    assert house.reader.read(TOPIC, 2500) == []
