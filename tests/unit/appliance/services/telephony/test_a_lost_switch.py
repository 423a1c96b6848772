"""Calls whose switch has ended, or is not reached for long, end; and come back if they live."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.telephony.supervise import supervise
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path, agents=2) as found:
        yield found


def until_nothing_goes_on(house: Exchange) -> None:
    read = house.floor.read
    until(lambda: not read(lambda work: work.calls.going_on()), 60, "its end", every=0.01)


def because(house: Exchange, kind: str) -> list[object]:
    return [one.get("because") for one in house.events(kind)]


def test_calls_of_a_switch_that_has_ended_are_over_without_another_one_and_say_why(house):
    _caller, _leg, conversation = house.talking()
    house.do(supervise, conversation, house.agents[1], Rung.LISTEN)
    house.switch.phone_answers(house.until_rings("102"))
    house.switch.dies()
    house.calls.switch_has_ended()
    house.until_state(State.WRAP_UP)
    until_nothing_goes_on(house)
    assert because(house, "conversation.end") == ["switch_lost"]
    assert house.floor.read(lambda work: list(work.supervisions.all())) == []
    call = house.floor.read(lambda work: work.calls.of(conversation))
    assert call is not None
    assert (call.over, call.outcome) == (True, "switch_lost")
    house.do(talk.close, conversation, house.agents[0])
    assert house.seen(house.agents[0]) == "available"


def test_calls_of_a_switch_that_was_replaced_at_once_are_over_and_say_why(house):
    _caller, _leg, conversation = house.talking()
    house.switch.dies()
    house.switch.returns()
    house.until_state(State.WRAP_UP)
    until_nothing_goes_on(house)
    assert because(house, "conversation.end") == ["switch_lost"]
    call = house.floor.read(lambda work: work.calls.of(conversation))
    assert call is not None
    assert call.outcome == "switch_lost"
    house.do(talk.close, conversation, house.agents[0])
    caller = house.switch.arrives(NUMBER, "+8613800000001")
    leg = house.until_rings("101")
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    house.switch.hangs_up(caller)  # of the new one's calls it is not said
    house.until_state(State.WRAP_UP)
    assert because(house, "conversation.end") == ["switch_lost", None]


def test_where_it_cannot_be_told_which_program_it_is_its_calls_are_as_they_were(house):
    caller, leg, _conversation = house.talking()
    house.switch.goes()
    house.switch.program = None
    house.switch.returns()
    house.until_together(caller, leg)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    assert because(house, "conversation.end") == [None]


def test_a_switch_that_is_back_in_time_has_its_calls_as_they_were(house):
    caller, leg, _conversation = house.talking()
    house.switch.goes()
    house.later(100)
    house.switch.returns()
    house.later(100)
    house.until_together(caller, leg)
    assert house.conversation().state is State.ACTIVE
    assert because(house, "conversation.end") == []


def test_what_is_not_reached_for_long_is_over_once_and_who_is_still_there_comes_in_anew(house):
    caller, leg, conversation = house.talking()
    house.switch.goes()
    house.later(121)
    house.until_state(State.WRAP_UP)
    until_nothing_goes_on(house)
    house.switch.returns()
    new = lambda: house.conversation().id != conversation  # noqa: E731
    until(new, 60, "the caller to be taken", every=0.01)
    house.until_music(caller)
    gone = lambda: leg not in {one.id for one in house.switch.channels()}  # noqa: E731
    until(gone, 60, "the old phone to end", every=0.01)
    assert because(house, "conversation.end") == ["switch_lost"]
    house.switch.hangs_up(caller)
    house.until_state(State.ABANDONED)
    house.until_clear()
    assert because(house, "conversation.leave") == [None]


def test_who_waited_at_a_switch_that_is_lost_has_left_because_of_that(house):
    house.switch.arrives(NUMBER, "+8613800000000")
    house.until_state(State.QUEUED)
    house.switch.goes()
    house.later(121)
    house.until_state(State.ABANDONED)
    until_nothing_goes_on(house)
    assert because(house, "conversation.leave") == ["switch_lost"]


def test_a_caller_who_is_taken_twice_is_one_call_also_after_its_end(house):
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    house.until_state(State.QUEUED)
    (channel,) = (one for one in house.switch.channels() if one.id == caller)
    house.switch.hangs_up(caller)
    house.until_state(State.ABANDONED)
    until_nothing_goes_on(house)
    conversation = house.conversation().id
    house.calls._take(channel)  # late: it was told of before the end
    assert house.conversation().id == conversation
