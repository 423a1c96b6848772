"""What time does by itself is done when it is due; else nobody is kept from writing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from appliance.domain.queue import Overflow
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.services import talk
from appliance.services.answer_offer import accept_offer
from appliance.services.keep_moving import keep_moving
from appliance.services.snooze import snooze
from appliance.store.counting import count_events
from tests.contract.floor.house import House


class Writes:
    """The floor, and how often the writer's place was taken."""

    def __init__(self, house: House) -> None:
        self._floor = house.floor
        self.count = 0

    def read(self, job: Any) -> Any:
        return self._floor.read(job)

    def write(self, job: Any) -> Any:
        self.count += 1
        return self._floor.write(job)

    def submit(self, job: Any) -> Any:
        raise NotImplementedError


def moved(house: House) -> int:
    """One second's work; how often it wrote."""
    floor = Writes(house)
    assert keep_moving(floor, updating=False) is False
    return floor.count


@pytest.fixture
def talking(house: House) -> int:
    """A conversation that the first agent speaks in."""
    conversation = house.come().conversation.id
    house.ready(house.agents[0])
    assert moved(house) == 1, "it was offered"
    house.do(accept_offer, conversation, house.agents[0])
    return conversation


def test_nothing_is_written_while_nothing_is_due(house, talking):
    assert moved(house) == 0
    house.come("who waits, and nobody is free", weight=100)
    assert moved(house) == 0


def test_an_offer_that_nobody_answered_is_ended(house):
    conversation = house.come().conversation.id
    house.ready(house.agents[0])
    assert moved(house) == 1
    assert moved(house) == 0
    house.clock.advance(minutes=2)
    assert moved(house) == 1
    assert "conversation.miss" in house.kinds(conversation)


def test_after_call_work_is_closed_at_its_time(house, talking):
    rule = WrapUp(AfterWork.TIMED, timedelta(seconds=30))
    house.change_queue(house.sales, wrap_up=rule)
    house.do(talk.end, talking, house.agents[0])
    assert moved(house) == 0
    house.clock.advance(seconds=31)
    assert moved(house) == 1
    assert str(house.now(talking).state) == "closed"


def test_what_was_set_aside_comes_back_at_its_time(house, talking):
    until = house.clock.now() + timedelta(minutes=10)
    house.do(snooze, talking, house.agents[0], until, timedelta(days=1))
    assert moved(house) == 0
    house.clock.advance(minutes=11)
    assert moved(house) == 1
    assert str(house.now(talking).state) != "snoozed"


def test_what_has_waited_too_long_goes_to_the_other_queue(house):
    house.change_queue(house.sales, overflow=Overflow(after=60, to=house.support))
    conversation = house.come().conversation.id
    assert moved(house) == 0
    house.clock.advance(seconds=61)
    assert moved(house) == 1
    assert house.now(conversation).queue == house.support


def test_desks_are_told_that_an_update_waits_no_more(house):
    house.ready(house.agents[0])
    floor = Writes(house)
    assert keep_moving(floor, updating=True) is False
    assert floor.count == 1


def test_sums_are_written_when_there_is_something_to_count(house, monkeypatch):
    house.come()
    assert count_events(house.floor) > 0

    def nobody_may() -> Any:
        raise AssertionError("the writer's place was taken for nothing")

    monkeypatch.setattr(house.database, "write", nobody_may)
    assert count_events(house.floor) == 0
