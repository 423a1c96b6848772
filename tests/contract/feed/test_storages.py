"""What `common.feed.storage.FeedStorage` promises, for every database that keeps a feed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import cast

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
from common.feed.storage import CursorGoneError, FeedStorage, Fresh
from common.feed.wakeups import Waiters, Wakeups
from common.spool import Store
from tests.support.clock import START


@dataclass
class Kept:
    """A storage, and how it is written and pruned."""

    storage: FeedStorage
    append: Callable[[str, dict[str, object], datetime], int]
    prune: Callable[[datetime], int]
    fresh: list[Fresh] = field(default_factory=list)

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

    fresh_ones: list[Fresh] = []

    def append(topic: str, data: dict[str, object], at: datetime) -> int:
        told = live.Told(topic, stamp(at), "k", live.as_text(data))
        with database.write() as session:
            (fresh,) = live.write_told(Line(session.connection()), [told])
        fresh_ones.append(fresh)
        return fresh.seq

    return Kept(
        live.SqlLive(database), append, lambda before: live.prune(database, before), fresh_ones
    )


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
    # Whoever was told of an event need not look for it, if it says its place.
    assert {one.mark for one in kept.fresh[-1:]} <= {0, mark}


def test_an_event_is_a_hint_and_no_document(kept: Kept):
    with pytest.raises(ValueError, match="at most"):
        kept.append("a", {"text": "x" * MOST_DATA_BYTES}, START)
    assert kept.storage.head("a") == 0


def test_what_this_process_told_is_not_looked_for_and_what_another_wrote_between_is(kept: Kept):
    found: list[dict[str, int]] = []
    looked = asyncio.Event()
    loop: asyncio.AbstractEventLoop | None = None

    class Watched:
        """The storage, and what was looked for in it."""

        version = staticmethod(kept.storage.version)

        def changed(self, mark: int) -> tuple[int, dict[str, int]]:
            newest, topics = kept.storage.changed(mark)
            found.append(topics)
            if mark >= 0 and loop:
                loop.call_soon_threadsafe(looked.set)
            return newest, topics

    async def run() -> None:
        nonlocal loop
        loop = asyncio.get_running_loop()
        wakeups = Wakeups()
        waiters = Waiters(cast("FeedStorage", Watched()), wakeups, look_every=60)

        async def look() -> dict[str, int]:
            looked.clear()
            wakeups.notify()
            await looked.wait()
            return found[-1]

        await waiters.start()
        kept.append("a", {}, START)
        told = kept.fresh[-1:]
        wakeups.notify(told)
        assert await look() == ({} if told and told[0].mark else {"a": 1})
        kept.append("b", {}, START)  # by another process
        kept.append("a", {}, START)
        wakeups.notify(kept.fresh[-1:])
        assert await look() == {"b": 1, "a": 2}
        await waiters.stop()

    asyncio.run(asyncio.wait_for(run(), 30))


def test_a_look_for_what_changed_goes_through_what_is_new_alone(sqlite_database: Database):
    """However much is kept: it is asked each second."""
    on_appliance(sqlite_database)
    asked = str(live._SINCE["sqlite"]._statement)
    with sqlite_database.engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {asked}", {"mark": 1}).all()
    (plan,) = [row[-1] for row in rows if "live_events" in row[-1]]
    assert "rowid>" in plan
