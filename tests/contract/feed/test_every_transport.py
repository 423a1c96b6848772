"""What holds for poll, long poll, WebSocket and our own client alike."""

from __future__ import annotations

import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.feed import Event, FeedLimits, prune
from common.feed.client import Reload
from tests.contract.feed.house import TOPIC, House, reading


def seqs(events: list[Event]) -> list[int]:
    assert all(event.data["n"] == event.seq for event in events)
    return [event.seq for event in events]


def test_events_come_once_and_in_order(house: House, transport: str) -> None:
    house.write(3)
    with reading(transport, house, 0) as reader:
        assert seqs(reader.take(3)) == [1, 2, 3]
        house.write(2)
        house.write(1)
        assert seqs(reader.take(3)) == [4, 5, 6]


def test_an_event_carries_what_was_written(house: House, transport: str) -> None:
    house.write(1, size=3)
    with reading(transport, house, 0) as reader:
        [event] = reader.take(1)
    assert (event.seq, event.kind, event.data) == (1, "counted", {"n": 1, "fill": "xxx"})
    assert datetime.fromisoformat(event.at).tzinfo is not None


def test_a_waiting_reader_is_woken_by_a_commit(house: House, transport: str) -> None:
    with reading(transport, house, 0) as reader:
        writer = threading.Timer(0.2, house.write, [1])
        writer.start()
        assert seqs(reader.take(1)) == [1]
        writer.join()


def test_a_waiting_reader_is_woken_by_another_process(tmp_path: Path, transport: str) -> None:
    path = tmp_path / "feed.db"
    house = House(path, woken=False)
    script = (
        "import sys\nfrom common.database import connect\nfrom common.feed import append\n"
        "c = connect(sys.argv[1]); c.execute('BEGIN IMMEDIATE')\n"
        "append(c, 'updates', 'counted', {'n': 1}); c.execute('COMMIT'); c.close()\n"
    )
    try:
        with reading(transport, house, 0) as reader:
            writer = threading.Timer(
                0.2, subprocess.run, [[sys.executable, "-c", script, str(path)]], {"check": True}
            )
            writer.start()
            assert seqs(reader.take(1)) == [1]
            writer.join()
    finally:
        house.close()


def test_a_reader_resumes_at_every_cursor(house: House, transport: str) -> None:
    house.write(8)
    for cursor in range(8):
        with reading(transport, house, cursor) as reader:
            assert seqs(reader.take(8 - cursor)) == list(range(cursor + 1, 9))


def test_a_reader_killed_after_each_event_misses_none(house: House, transport: str) -> None:
    seen: list[int] = []
    for _ in range(8):
        house.write(1)
        with reading(transport, house, seen[-1] if seen else 0) as reader:
            seen += seqs(reader.take(1))
    assert seen == list(range(1, 9))


def test_a_server_that_dies_costs_no_event(house: House, transport: str) -> None:
    seen: list[int] = []
    for _ in range(3):
        house.write(2)
        with reading(transport, house, seen[-1] if seen else 0) as reader:
            seen += seqs(reader.take(2))
        house.stop()
        house.write(1)  # nobody is there to be told
        house.start()
    with reading(transport, house, seen[-1]) as reader:
        seen += seqs(reader.take(3))
    assert seen == list(range(1, 10))


def test_batches_join_without_a_seam(tmp_path: Path, transport: str) -> None:
    house = House(tmp_path / "feed.db", limits=FeedLimits(batch=7, batch_bytes=600))
    try:
        house.write(50)
        house.write(1, size=5000)  # alone larger than a batch may be
        house.write(5)
        with reading(transport, house, 0) as reader:
            assert seqs(reader.take(56)) == list(range(1, 57))
    finally:
        house.close()


def test_two_readers_get_the_same_events(house: House, transport: str) -> None:
    house.write(2)
    with reading(transport, house, 0) as one, reading(transport, house, 2) as two:
        house.write(3)
        assert seqs(one.take(5)) == [1, 2, 3, 4, 5]
        assert seqs(two.take(3)) == [3, 4, 5]


def test_topics_do_not_mix(house: House, transport: str) -> None:
    house.write(3, topic="other")
    house.write(2)
    house.write(3, topic="other")
    with reading(transport, house, 0) as reader:
        assert seqs(reader.take(2)) == [1, 2]
        house.write(1)
        assert seqs(reader.take(1)) == [3]


def test_a_cursor_from_before_retention_is_told_to_reload(house: House, transport: str) -> None:
    house.write(5)
    prune(house.store, before=datetime.now(UTC) + timedelta(days=1))
    house.write(2)
    for gone in (0, 4):
        with reading(transport, house, gone) as reader:
            assert reader.first() == Reload(7)
    with reading(transport, house, 5) as reader:
        assert seqs(reader.take(2)) == [6, 7]


def test_a_cursor_from_the_future_is_told_to_reload(house: House, transport: str) -> None:
    house.write(2)  # as after a backup was restored: the reader has seen more
    with reading(transport, house, 9) as reader:
        assert reader.first() == Reload(2)


def test_a_stranger_is_refused(house: House, transport: str) -> None:
    house.write(1)
    with reading(transport, house, 0, name="stranger") as reader:
        assert reader.first() == "refused"


def test_a_right_taken_away_ends_an_open_reader(house: House, transport: str) -> None:
    house.write(1)
    with reading(transport, house, 0, name="guest") as reader:
        assert seqs(reader.take(1)) == [1]
        house.strangers.add("guest")
        house.write(1)
        assert reader.first() == "refused"


def test_the_topic_is_the_one_the_tests_write(house: House) -> None:
    house.write(1)
    assert house.reader.head(TOPIC) == 1
