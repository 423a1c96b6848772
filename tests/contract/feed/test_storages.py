"""What `common.feed.storage.FeedStorage` promises, for every database that keeps a feed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlite_utils import Migrations

from appliance.store import live
from appliance.store.database import Database
from appliance.store.quick import Line
from common import feed
from common.clock import stamp
from common.feed.events import MOST_DATA_BYTES
from common.feed.schema import add_to
from common.feed.storage import CursorGoneError, FeedStorage
from common.spool import Store
from tests.support.clock import START


@dataclass
class Kept:
    """A storage, and how it is written and pruned."""

    storage: FeedStorage
    append: Callable[[str, dict[str, object], datetime], int]
    prune: Callable[[datetime], int]

    def numbers(self, topic: str, after: int) -> list[int]:
        return [event.seq for event in self.storage.read(topic, after, 500)]


@pytest.fixture
def on_store(tmp_path: Path) -> Iterator[Kept]:
    steps = Migrations("test")
    add_to(steps)
    store = Store(tmp_path / "feed.db", steps)

    def append(topic: str, data: dict[str, object], at: datetime) -> int:
        return store.write(lambda connection: feed.append(connection, topic, "k", data, at=at))

    yield Kept(feed.FeedReader(store), append, lambda before: feed.prune(store, before=before))
    store.close()


def on_appliance(database: Database) -> Kept:
    with database.write() as session:
        session.execute(delete(live.LiveEventRow))
        session.execute(delete(live.LiveTopicRow))

    def append(topic: str, data: dict[str, object], at: datetime) -> int:
        told = live.Told(topic, stamp(at), "k", live.as_text(data))
        with database.write() as session:
            (fresh,) = live.write_told(Line(session.connection()), [told])
        return fresh.seq

    return Kept(live.SqlLive(database), append, lambda before: live.prune(database, before))


@pytest.fixture(params=["on_store", "sqlite_database", "postgresql_database"])
def kept(request: pytest.FixtureRequest) -> Kept:
    found = request.getfixturevalue(request.param)
    return found if isinstance(found, Kept) else on_appliance(found)


def test_each_topic_counts_from_one_without_gaps(kept: Kept):
    assert [kept.append(topic, {}, START) for topic in ("a", "b", "a", "a")] == [1, 1, 2, 3]
    assert (kept.numbers("a", 0), kept.numbers("a", 2), kept.numbers("b", 0)) == (
        [1, 2, 3],
        [3],
        [1],
    )
    assert (kept.storage.head("a"), kept.storage.head("nothing")) == (3, 0)


def test_what_was_written_is_read_as_it_was(kept: Kept):
    kept.append("a", {"text": "你好 \U0001f44b", "n": 1.5, "none": None}, START)
    (event,) = kept.storage.read("a", 0, 10)
    assert (event.kind, event.data["text"], event.data["n"]) == ("k", "你好 \U0001f44b", 1.5)


def test_a_cursor_of_the_future_or_of_what_was_removed_must_read_afresh(kept: Kept):
    for number in range(5):
        kept.append("a", {}, START + timedelta(minutes=number))
    with pytest.raises(CursorGoneError) as gone:
        kept.storage.read("a", 6, 10)
    assert gone.value.head == 5
    assert kept.prune(START + timedelta(minutes=2)) == 2
    with pytest.raises(CursorGoneError):
        kept.storage.read("a", 1, 10)
    assert kept.numbers("a", 2) == [3, 4, 5]
    assert kept.append("a", {}, START) == 6


def test_a_topic_that_was_emptied_goes_on_from_its_number(kept: Kept):
    kept.append("a", {}, START)
    kept.append("b", {}, START + timedelta(days=2))
    kept.prune(START + timedelta(days=1))
    assert kept.numbers("a", 1) == []
    assert kept.append("a", {}, START) == 2


def test_what_changed_is_known_by_topic(kept: Kept):
    mark, nothing = kept.storage.changed(-1)
    assert nothing == {}
    before = kept.storage.version()
    kept.append("a", {}, START)
    kept.append("b", {}, START)
    assert kept.storage.version() != before
    mark, topics = kept.storage.changed(mark)
    assert topics == {"a": 1, "b": 1}
    assert kept.storage.changed(mark) == (mark, {})


def test_an_event_is_a_hint_and_no_document(kept: Kept):
    with pytest.raises(ValueError, match="at most"):
        kept.append("a", {"text": "x" * MOST_DATA_BYTES}, START)
    assert kept.storage.head("a") == 0
