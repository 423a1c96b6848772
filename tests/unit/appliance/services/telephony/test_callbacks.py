"""Callers who are called back, with the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.phones import Number
from appliance.services import talk
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until

OWN = "+8613800000000"


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        queue = found.floor.read(lambda work: work.queue(found.queue))
        policy = replace(queue.phone, callback="1", language="en", number="4000")
        found.floor.write(lambda work: work.save_queue(replace(queue, phone=policy)))
        yield found


def until_says(house: Exchange, caller: str, beginning: str) -> None:
    def there() -> bool:
        return any(one.startswith(beginning) for one in house.switch.heard(caller))

    until(there, 60, beginning, lambda: house.switch.heard(caller), every=0.01)


def waiting(house: Exchange, number: str = OWN) -> str:
    caller = house.switch.arrives(NUMBER, number)
    house.until_state(State.QUEUED)
    house.until_music(caller)
    return caller


def asked(house: Exchange) -> int:
    """Somebody has asked to be called back, and has put the receiver down."""
    caller = waiting(house)
    house.switch.presses(caller, "1")
    until_says(house, caller, "You keep your place, and we call you back at this number")
    house.switch.presses(caller, "1")
    until_says(house, caller, "Thank you.")
    house.switch.played(caller)
    until(lambda: not house.switch.channels(), 60, "the end of the call", every=0.01)
    return house.conversation().id


def until_dialled(house: Exchange, number: str = OWN) -> str:
    what = f"{number} to be called"
    return until(lambda: house.switch.ringing(number), 60, what, house.state, every=0.01) or ""


def calling(house: Exchange) -> tuple[str, str]:
    """It is the callback's turn, and the agent has picked up; both legs."""
    house.ready(house.agents[0])
    leg = house.until_rings("101")
    assert not house.switch.dialled
    house.switch.phone_answers(leg)
    return leg, until_dialled(house)


def test_the_place_is_kept_and_the_agent_is_called_first_and_then_the_number(house):
    conversation = asked(house)
    kept = house.conversation()
    assert (kept.state, kept.channel) == (State.QUEUED, "callback")
    assert kept.waiting_since == kept.created_at
    leg, out = calling(house)
    assert house.switch.shown(out) == "4000"
    until(lambda: house.switch.hears_ringing(leg), 60, "ringing", every=0.01)
    house.switch.phone_answers(out)
    house.until_together(leg, out)
    assert not house.switch.hears_ringing(leg)
    house.do(talk.hold, conversation, house.agents[0])
    house.until_music(out)
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(leg, out)
    house.switch.hangs_up(out)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_who_asked_first_is_called_first(house):
    asked(house)
    house.later(5)
    waiting(house, "+8613900000000")
    house.ready(house.agents[0])
    house.switch.phone_answers(house.until_rings("101"))
    until_dialled(house)


def test_another_number_is_typed_and_said_and_one_that_may_not_be_called_is_refused(house):
    caller = waiting(house, "")
    house.switch.presses(caller, "1")
    until_says(house, caller, "You keep your place, and we call you back. Please type")
    for key in "010555#":
        house.switch.presses(caller, key)
    until_says(house, caller, "You typed")
    assert house.switch.heard(caller)[-7:-1] == list("010555")
    house.switch.presses(caller, "1")
    until_says(house, caller, "Thank you.")
    house.switch.hangs_up(caller)
    house.ready(house.agents[0])
    house.switch.phone_answers(house.until_rings("101"))
    until_dialled(house, "010555")


@pytest.mark.parametrize("keys", ["1*", "121#1#"])
def test_who_does_not_want_it_or_types_what_cannot_be_called_waits_on(house, keys):
    caller = waiting(house)
    for key in keys:
        house.switch.presses(caller, key)
    until(lambda: house.switch.heard(caller), 60, "the question", every=0.01)
    house.until_music(caller)
    assert (house.conversation().channel, house.state()) == ("phone", State.QUEUED)


def test_an_agent_who_is_free_meanwhile_is_quicker(house):
    caller = waiting(house)
    house.switch.presses(caller, "1")
    until_says(house, caller, "You keep your place")
    house.ready(house.agents[0])
    leg = house.until_rings("101")
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    assert house.conversation().channel == "phone"


def test_not_reached_is_tried_again_with_growing_pauses_and_then_closed_with_its_reason(house):
    asked(house)
    since = house.conversation().waiting_since
    leg, out = calling(house)
    for pause in (5, 10):
        house.switch.phone_declines(out)
        house.until_state(State.QUEUED)
        until(lambda leg=leg: house.switch.leg_of("101") is None, 60, "the phone", every=0.01)
        assert house.conversation().waiting_since == since
        assert house.seen(house.agents[0]) == "available"
        house.later(pause * 60 - 2)
        assert house.state() is State.QUEUED
        house.later(3)
        leg = house.until_rings("101")
        house.switch.phone_answers(leg)
        out = until_dialled(house)
    house.switch.phone_declines(out)
    house.until_state(State.CLOSED)
    house.until_clear()
    told = house.events("conversation.unreached")
    assert [(one["because"], one["tries"]) for one in told] == [("busy", 3)]
    assert house.seen(house.agents[0]) == "available"
    assert house.switch.dialled == [OWN] * 3


def test_an_agent_who_puts_the_receiver_down_before_ends_the_try(house):
    asked(house)
    leg, out = calling(house)
    house.switch.hangs_up(leg)
    house.until_state(State.QUEUED)
    until(lambda: not house.switch.channels(), 60, "nothing to be left", every=0.01)
    assert house.events("conversation.retry")[0]["because"] == "agent"
    assert out


def test_an_agent_who_ends_it_at_the_desk_ends_it(house):
    conversation = asked(house)
    calling(house)
    house.do(talk.end, conversation, house.agents[0])
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_caller_who_hangs_up_before_agreeing_is_no_callback(house):
    caller = waiting(house)
    house.switch.presses(caller, "1")
    until_says(house, caller, "You keep your place")
    house.switch.hangs_up(caller)
    house.until_state(State.ABANDONED)
    house.until_clear()


@pytest.mark.parametrize("moment", ["asked", "ringing", "dialled", "reached"])
def test_a_kill_of_the_appliance_loses_no_callback_and_calls_nobody_twice(house, moment):
    asked(house)
    if moment == "asked":
        house.crash()
        leg, out = calling(house)
    elif moment == "ringing":
        house.ready(house.agents[0])
        house.until_rings("101")
        house.crash()
        leg = house.until_rings("101")
        house.switch.phone_answers(leg)
        out = until_dialled(house)
    else:
        leg, out = calling(house)
        if moment == "dialled":
            house.crash()
    house.switch.phone_answers(out)
    house.until_together(leg, out)
    if moment == "reached":
        house.crash()
        assert house.switch.together(leg, out)
    assert house.switch.dialled == [OWN]
    house.switch.hangs_up(out)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_kill_before_goodbye_takes_the_caller_for_no_new_one(house):
    caller = waiting(house)
    house.switch.presses(caller, "1")
    until_says(house, caller, "You keep your place")
    house.switch.presses(caller, "1")
    until_says(house, caller, "Thank you.")
    first = house.conversation().id
    house.crash()
    heard = house.switch.heard
    until(lambda: heard(caller).count(heard(caller)[-1]) == 2, 60, "goodbye again", every=0.01)
    house.switch.played(caller)
    until(lambda: not house.switch.channels(), 60, "the end of the call", every=0.01)
    assert house.conversation().id == first
    assert house.state() is State.QUEUED


@pytest.mark.parametrize(("key", "state"), [("1", State.QUEUED), ("*", State.CLOSED)])
def test_a_step_of_a_flow_offers_it_and_leads_on_for_who_does_not_want_it(house, key, state):
    steps = {
        "back": {"kind": "callback", "queue": house.queue, "ways": {"otherwise": "bye"}},
        "bye": {"kind": "hang_up"},
    }
    draft = house.flows.add("main", {"start": "back", "steps": steps})
    house.flows.publish(draft.id, "ada")
    house.phones.keep_number(Number(NUMBER, house.queue, draft.id))
    caller = house.switch.arrives(NUMBER, OWN)
    until_says(house, caller, "You keep your place")
    house.switch.presses(caller, key)
    house.until_state(state)
    if state is State.QUEUED:
        until(lambda: house.conversation().channel == "callback", 60, "a callback", every=0.01)
        until_says(house, caller, "Thank you.")
        house.switch.hangs_up(caller)
        calling(house)
