"""A conversation that was set aside: out of the way, and back at its time or when it goes on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from appliance.domain.agent_state import Said
from appliance.domain.conversation import State
from appliance.domain.snooze import NotSnoozableError
from appliance.domain.telephony.call import Call
from appliance.services import reassign, talk
from appliance.services.answer_offer import accept_offer
from appliance.services.keep_moving import keep_moving
from appliance.services.presence import say
from appliance.services.say_message import Saying, say_message
from appliance.services.snooze import snooze, take_back
from appliance.services.trouble import NotYoursError
from appliance.store.floor import SqlFloor

MONTH = timedelta(days=30)


def spoken(house, who: str = "visitor") -> int:
    """A conversation that somebody who is ready has answered."""
    begun = house.come(who).conversation.id
    ((_one, agent),) = [one for one in house.offer() if one[0] == begun]
    house.do(accept_offer, begun, agent)
    return begun


def minutes(house, n: float):
    return house.clock.now() + timedelta(minutes=n)


def test_it_takes_no_capacity_and_comes_back_to_its_agent_with_a_mark_after_a_restart(house):
    anna = house.agents[0]
    house.ready(anna)
    one = spoken(house)
    house.do(snooze, one, anna, minutes(house, 20), MONTH)
    assert house.seen(anna) == "available"
    assert house.floor.read(lambda work: work.held_by(anna)) == []
    house.clock.advance(19 * 60)
    keep_moving(house.floor, False)
    assert house.now(one).state is State.SNOOZED

    house.clock.advance(60)
    restarted = SqlFloor(house.database, house.clock, house.vault)
    try:
        keep_moving(restarted, False)
    finally:
        restarted.close()
    back = house.now(one)
    assert (back.state, back.agent, back.woken) == (State.ACTIVE, anna, "time")
    assert back.snoozed_until is None
    house.do(say_message, Saying(one, "a1", "Here I am again", anna), 4000)
    assert house.now(one).woken == ""


def test_a_word_of_the_contact_brings_it_back_before_its_time(house):
    anna = house.agents[0]
    house.ready(anna)
    one = spoken(house)
    house.do(snooze, one, anna, None, MONTH)
    house.clock.advance(40 * 86400)
    keep_moving(house.floor, False)
    assert house.now(one).state is State.SNOOZED  # nobody wrote
    house.do(say_message, Saying(one, "n1", "a note to myself", anna, internal=True), 4000)
    assert house.now(one).state is State.SNOOZED
    house.do(say_message, Saying(one, "v1", "Are you there?"), 4000)
    assert (house.now(one).state, house.now(one).woken) == (State.ACTIVE, "contact")
    assert house.kinds(one)[-2:] == ["conversation.wake", "message.said"]


def test_where_its_agent_is_gone_everybody_is_asked_and_where_they_are_full_they_are(house):
    anna, bo, _chen = house.agents
    house.ready(anna)
    one = spoken(house)
    house.do(snooze, one, anna, minutes(house, 5), MONTH)
    house.do(say, anna, Said.SIGN_OUT)
    house.ready(bo)
    house.clock.advance(300)
    keep_moving(house.floor, False)
    assert (house.now(one).state, house.now(one).agent) == (State.OFFERED, bo)
    house.do(accept_offer, one, bo)
    assert (house.now(one).woken, house.now(one).agent) == ("time", bo)

    house.do(snooze, one, bo, minutes(house, 5), MONTH)
    whole = house.come("caller", channel="phone", weight=100).conversation.id
    assert house.offer() == [(whole, bo)]
    house.do(accept_offer, whole, bo)
    house.ready(anna)
    house.clock.advance(300)
    keep_moving(house.floor, False)
    assert house.now(one).state is State.QUEUED  # for Bo, who speaks with somebody
    house.do(talk.end, whole, bo)
    house.do(talk.close, whole, bo)
    keep_moving(house.floor, False)
    assert (house.now(one).state, house.now(one).agent) == (State.OFFERED, bo)


def test_its_agent_goes_on_a_supervisor_takes_it_and_a_contact_can_end_it(house):
    anna, bo, chen = house.agents
    house.ready(anna)
    one = spoken(house)
    house.do(snooze, one, anna, minutes(house, 5), MONTH)
    with pytest.raises(NotYoursError):
        house.do(take_back, one, bo)
    assert house.do(take_back, one, anna).woken == "agent"
    house.do(snooze, one, anna, None, MONTH)
    taken = house.do(talk.take_over, one, bo)
    assert (taken.state, taken.agent, taken.woken) == (State.ACTIVE, bo, "")
    house.do(snooze, one, bo, None, MONTH)
    assert house.do(reassign.reassign_to_agent, one, chen, anna).only_agent == anna
    keep_moving(house.floor, False)
    house.do(accept_offer, one, anna)
    house.do(snooze, one, anna, None, MONTH)
    assert house.do(talk.end, one, None).state is State.WRAP_UP


def test_what_cannot_be_set_aside_stays(house):
    anna = house.agents[0]
    house.ready(anna)
    one = spoken(house)
    house.do(lambda work: work.calls.save(Call(one, "channel-1")))
    with pytest.raises(NotSnoozableError):
        house.do(snooze, one, anna, None, MONTH)
    assert house.now(one).state is State.ACTIVE
