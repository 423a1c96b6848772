"""Calls as conversations of the core, with the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.provider import Channel
from appliance.services import talk
from appliance.services.answer_offer import decline_offer
from appliance.services.in_use import in_use
from appliance.services.keep_moving import change
from appliance.services.telephony.take_call import take_call
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        yield found


def in_state(house: Exchange, state: State) -> tuple[str, str | None]:
    """A call that is in this state with the first agent; the caller's channel and the phone's."""
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    house.until_state(State.QUEUED)
    house.until_music(caller)
    if state is State.QUEUED:
        return caller, None
    house.ready(house.agents[0])
    leg = house.until_rings("101")
    if state is State.OFFERED:
        return caller, leg
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    if state is State.HELD:
        house.do(talk.hold, house.conversation().id, house.agents[0])
        house.until_music(caller)
    return caller, leg


def test_from_the_first_ring_to_wrap_up_and_nothing_is_left(house):
    caller, leg = in_state(house, State.ACTIVE)
    assert house.state() is State.ACTIVE
    assert house.seen(house.agents[0]) == "busy"
    conversation = house.conversation()
    assert (conversation.channel, conversation.weight) == ("phone", 100)
    assert conversation.answered_at is not None
    (accepted,) = house.events("conversation.accept")
    assert accepted["at_phone"] is True
    house.do(talk.hold, conversation.id, house.agents[0])
    house.until_music(caller)
    assert not house.switch.together(caller, leg)
    house.do(talk.resume, conversation.id, house.agents[0])
    house.until_together(caller, leg)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    house.do(talk.close, conversation.id, house.agents[0], "sold")
    assert house.seen(house.agents[0]) == "available"


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.QUEUED, State.ABANDONED),
        (State.OFFERED, State.ABANDONED),
        (State.ACTIVE, State.WRAP_UP),
        (State.HELD, State.WRAP_UP),
    ],
)
def test_a_caller_who_hangs_up_leaves_nothing_behind(house, state, after):
    caller, _leg = in_state(house, state)
    house.switch.hangs_up(caller)
    house.until_state(after)
    house.until_clear()


@pytest.mark.parametrize("state", [State.QUEUED, State.OFFERED, State.ACTIVE, State.HELD])
def test_a_kill_of_the_appliance_cuts_no_call_and_loses_none(house, state):
    caller, leg = in_state(house, state)
    house.crash()
    assert caller in {one.id for one in house.switch.channels()}
    if state is State.QUEUED:
        house.ready(house.agents[0])
        leg = house.until_rings("101")
    assert leg is not None
    if state in {State.QUEUED, State.OFFERED}:
        house.switch.phone_answers(leg)
    if state is State.HELD:
        house.do(talk.resume, house.conversation().id, house.agents[0])
    house.until_together(caller, leg)
    assert house.switch.leg_of("101") == leg
    house.switch.hangs_up(leg)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_caller_who_arrives_while_the_calls_are_adopted_is_not_lost(house):
    look, came = house.switch.channels, []

    def arrives_meanwhile():
        there = look()
        if not came:
            came.append(house.switch.arrives("100"))
        return there

    house.switch.channels = arrives_meanwhile
    house.crash()
    house.until_state(State.QUEUED)
    house.until_music(came[0])


def test_the_updater_waits_while_a_call_rings_or_is_spoken_and_not_while_it_only_waits(house):
    class NobodyPutItOff:
        def in_the_way(self) -> str:
            return ""

    def asked() -> str:
        return in_use(house.floor, NobodyPutItOff())

    caller, _leg = in_state(house, State.QUEUED)  # survives a restart, see above
    assert asked() == ""
    house.ready(house.agents[0])
    leg = house.until_rings("101")
    assert asked() == "1 conversation"
    house.switch.phone_answers(leg)
    house.until_state(State.ACTIVE)
    assert asked() == "1 conversation"
    house.do(talk.hold, house.conversation().id, house.agents[0])
    assert asked() == "1 conversation"
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    assert asked() == ""


def test_who_hung_up_while_the_appliance_was_away_is_noticed(house):
    caller, _leg = in_state(house, State.ACTIVE)
    house.calls.stop()
    house.switch.hangs_up(caller)
    house.crash()
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_who_called_while_the_appliance_was_away_is_taken_once(house):
    house.calls.stop()
    caller = house.switch.arrives(NUMBER)
    house.crash()
    house.until_state(State.QUEUED)
    house.until_music(caller)
    first = house.conversation().id
    house.crash()
    house.ready(house.agents[0])
    house.until_rings("101")
    assert house.conversation().id == first


def test_a_phone_that_is_not_answered_rings_no_more_and_the_call_keeps_its_place(house):
    caller, leg = in_state(house, State.OFFERED)
    since = house.conversation().waiting_since
    house.ready(house.agents[1])
    house.later(20)
    second = house.until_rings("102")
    assert house.switch.ringing("101") is None
    assert house.seen(house.agents[0]) == "not_responding"
    assert house.conversation().waiting_since == since
    house.switch.phone_answers(second)
    house.until_together(caller, second)
    assert leg != second


def test_who_declines_on_the_phone_is_not_asked_again_while_another_may_be(house):
    _caller, leg = in_state(house, State.OFFERED)
    house.ready(house.agents[1])
    house.switch.phone_declines(leg)
    house.until_rings("102")
    assert house.switch.ringing("101") is None
    assert house.seen(house.agents[0]) == "available"


def test_a_phone_that_cannot_ring_takes_its_agent_out_of_the_row(house):
    house.switch.phones.discard("101")
    house.switch.arrives(NUMBER)
    house.until_state(State.QUEUED)
    house.ready(house.agents[0])
    house.ready(house.agents[1])
    house.until_rings("102")
    assert house.seen(house.agents[0]) == "not_responding"


def test_an_agent_with_a_call_is_offered_no_second_one(house):
    in_state(house, State.ACTIVE)
    house.switch.arrives(NUMBER)
    house.until_state(State.QUEUED)
    house.do(lambda work: None)
    assert house.switch.ringing("101") is None


def test_a_transfer_to_another_agent_rings_there_and_frees_the_first_phone(house):
    caller, leg = in_state(house, State.ACTIVE)
    house.ready(house.agents[1])
    house.do(talk.transfer_to_agent, house.conversation().id, *house.agents)
    second = house.until_rings("102")
    assert house.switch.leg_of("101") is None
    house.switch.phone_answers(second)
    house.until_together(caller, second)
    assert not house.switch.together(caller, leg or "")


def test_a_number_that_leads_nowhere_is_not_answered(house):
    caller = house.switch.arrives("999")
    until(lambda: not house.switch.channels(), 60, "the end", every=0.01)
    assert house.state() is None
    assert caller


def test_while_the_switch_is_away_nothing_is_concluded_and_afterwards_all_is_caught_up(house):
    caller, leg = in_state(house, State.ACTIVE)
    house.switch.goes()
    house.do(talk.hold, house.conversation().id, house.agents[0])
    assert house.state() is State.HELD
    house.switch.returns()
    house.until_music(caller)
    assert not house.switch.together(caller, leg)


def test_the_phone_that_is_to_ring_is_kept_with_the_call_and_no_more_when_another_agents_turn_comes(
    house,
):
    one, other = house.agents[:2]
    house.ready(one)
    house.calls.stop()
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    there = Channel(caller, up=False, caller="+8613800000000", called=NUMBER)
    call = change(house.floor, lambda work: take_call(work, there, house.queue))
    assert (bool(call.leg), call.leg_agent) == (True, one)
    house.ready(other)
    house.do(decline_offer, call.conversation, one)
    house.crash()
    leg = house.until_rings("102")
    assert leg != call.leg
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    assert house.conversation().agent == other
