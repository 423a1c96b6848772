"""Short jobs of an event loop: in their order, whole or not at all, and the loop never waits."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from dataclasses import replace

import pytest

from appliance.domain.work import BusyError
from appliance.services.say_message import Saying, say_message
from appliance.store.database import Database
from appliance.store.turn import Turn
from tests.contract.floor.house import House


def say(house: House, conversation: int, key: str):
    saying = Saying(conversation, key, f"this is {key}")
    return asyncio.wrap_future(
        house.floor.submit(lambda work: say_message(work, saying, 100).number, short=True)
    )


def said(house: House, conversation: int) -> list[str]:
    return [one.key for one in house.floor.read(lambda work: work.messages(conversation))]


async def turns_of_the_loop(until: asyncio.Future) -> int:
    """How often it came round while ``until`` was not done."""
    count = 0
    while not until.done() and count < 20:
        count += 1
        await asyncio.sleep(0.005)
    return count


def test_short_jobs_are_kept_in_their_order_and_told_after_the_commit(house: House):
    number = house.come().conversation.id
    keys = [f"k{n:03}" for n in range(100)]

    async def talk() -> list[int]:
        return await asyncio.gather(*(say(house, number, key) for key in keys))

    assert asyncio.run(talk()) == list(range(1, 101))
    assert said(house, number) == keys


def test_they_are_done_in_the_loops_own_thread_where_statements_do_not_wait(house: House):
    async def where() -> int:
        return await asyncio.wrap_future(
            house.floor.submit(lambda _work: threading.get_ident(), short=True)
        )

    same = asyncio.run(where()) == threading.get_ident()
    assert same is (house.database.kind == "sqlite")


def test_one_that_fails_half_way_leaves_nothing_and_its_neighbours_stay(house: House):
    number = house.come().conversation.id

    def bad(work) -> None:
        work.save(replace(work.conversation(number), subject="half"))
        raise ZeroDivisionError

    async def talk() -> list[object]:
        first = say(house, number, "a")
        failed = asyncio.wrap_future(house.floor.submit(bad, short=True))
        rest = [say(house, number, key) for key in "bc"]
        return await asyncio.gather(first, failed, *rest, return_exceptions=True)

    one, failed, *others = asyncio.run(talk())
    assert (one, *others) == (1, 2, 3)
    assert isinstance(failed, ZeroDivisionError)
    assert house.now(number).subject == ""
    assert said(house, number) == ["a", "b", "c"]


def test_the_loop_goes_round_while_another_thread_writes(house: House):
    number = house.come().conversation.id

    async def talk() -> int:
        with house.database.write() as session:
            house.database.only_writer(session)
            kept = say(house, number, "a")
            waited = await turns_of_the_loop(kept)
            assert not kept.done()
        later = say(house, number, "b")
        assert (await kept, await later) == (1, 2)
        return waited

    assert asyncio.run(talk()) == 20


def test_the_loop_goes_round_while_another_process_writes(house: House):
    if house.database.kind != "sqlite":
        return  # there every short job is the writer's
    number = house.come().conversation.id
    other = sqlite3.connect(house.database.name, isolation_level=None)

    async def talk() -> int:
        other.execute("BEGIN IMMEDIATE")
        kept = say(house, number, "a")
        waited = await turns_of_the_loop(kept)
        assert not kept.done()
        other.execute("ROLLBACK")
        assert await kept == 1
        return waited

    try:
        assert asyncio.run(talk()) == 20
    finally:
        other.close()


def test_a_commit_that_fails_is_told_and_the_next_one_holds(house: House, monkeypatch):
    number = house.come().conversation.id
    if house.database.kind != "sqlite":
        return

    async def talk() -> None:
        seat = house.floor._seat
        with monkeypatch.context() as patch:
            patch.setattr(seat, "commit", lambda: (seat.close(), 1 / 0))
            with pytest.raises(ZeroDivisionError):
                await say(house, number, "a")
        assert await say(house, number, "b") == 1

    asyncio.run(talk())
    assert said(house, number) == ["b"]


def test_who_waits_for_the_turn_is_before_who_takes_it_only_at_once():
    turn = Turn(30)
    turn.take()
    waits = threading.Thread(target=turn.take)
    waits.start()
    while not turn._wanted:
        pass
    turn.give_back()
    waits.join(30)
    assert not turn.take_now()
    turn.give_back()
    assert turn.take_now()


def test_a_turn_that_is_never_given_back_is_told():
    turn = Turn(0.01)
    turn.take()
    with pytest.raises(BusyError):
        turn.take()


def test_the_seats_connection_waits_again_when_it_is_given_back(house: House):
    if house.database.kind != "sqlite":
        return
    house.come()
    house.floor._seat.close()
    assert _patience(house.database) == 30_000


def _patience(database: Database) -> int:
    """Milliseconds that the connections of the pool wait for another writer, the least of all."""
    with database.read() as session:
        return int(session.connection().exec_driver_sql("PRAGMA busy_timeout").scalar() or 0)
