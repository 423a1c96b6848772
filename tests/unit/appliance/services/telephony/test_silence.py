"""While the switch is silent no call is offered, and nobody is blamed for one that cannot ring."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.domain.contact import Identity
from appliance.domain.conversation import State
from appliance.services.arrive import Arrival, arrive
from appliance.services.telephony.call_out import NotCalledError, Wanted, call_out
from appliance.services.telephony.numbers import ask_number
from tests.support.exchange import NUMBER, PATIENCE, Exchange, exchange
from tests.support.waiting import until

RING = 5.0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path, agents=1) as found:
        queue = found.floor.read(lambda work: work.queue(found.queue))
        found.floor.write(lambda work: work.save_queue(replace(queue, ring=RING)))
        yield found


def rings(house: Exchange) -> str:
    house.switch.arrives(NUMBER, "+8613800000000")
    house.ready(house.agents[0])
    return house.until_rings("101")


def until_silent(house: Exchange, silent: bool = True) -> None:
    known = lambda: house.floor.read(lambda work: work.switch_silent) is silent  # noqa: E731
    until(known, PATIENCE, f"silent={silent} to be known", every=0.01)


def falls_silent(house: Exchange) -> None:
    house.switch.goes()
    until_silent(house)


def chat(house: Exchange) -> None:
    arrival = Arrival("chat", house.queue, [Identity("visitor", "v")], 20)
    house.do(arrive, arrival)


def test_who_could_not_hear_it_ring_is_not_blamed_and_is_rung_once_the_switch_is_back(house):
    rings(house)
    falls_silent(house)
    house.later(RING + 1)
    assert house.state() is State.QUEUED
    assert house.seen(house.agents[0]) == "available"
    assert house.events("conversation.miss") == []
    assert len(house.events("conversation.withdraw")) == 1
    house.later(1)
    assert house.state() is State.QUEUED  # not offered again meanwhile
    house.switch.returns()
    until_silent(house, silent=False)
    house.later(1)
    house.switch.phone_answers(house.until_rings("101"))
    house.until_state(State.ACTIVE)


def test_what_ran_out_just_before_the_silence_was_noticed_is_forgiven(house):
    rings(house)
    house.later(RING + 1)
    assert house.seen(house.agents[0]) == "not_responding"
    falls_silent(house)
    until(lambda: house.seen(house.agents[0]) == "available", PATIENCE, "it", every=0.01)
    house.switch.returns()
    until_silent(house, silent=False)
    house.later(1)
    house.until_rings("101")


def test_who_did_not_answer_long_before_stays_not_responding(house):
    rings(house)
    house.later(RING + 1)
    house.later(11)
    falls_silent(house)
    house.switch.returns()
    until_silent(house, silent=False)
    assert house.seen(house.agents[0]) == "not_responding"


def test_nobody_outside_is_called_while_the_switch_is_silent(house):
    house.ready(house.agents[0])
    falls_silent(house)
    wanted, rules = Wanted("+8613800000000"), house.desk.dialling
    with pytest.raises(NotCalledError) as refused:
        house.do(call_out, house.agents[0], wanted, rules)
    assert refused.value.kind == "dial-no-switch"
    house.switch.returns()
    until_silent(house, silent=False)
    house.do(call_out, house.agents[0], wanted, rules)
    house.until_rings("101")


def test_no_number_is_asked_into_a_call_while_the_switch_is_silent(house):
    _caller, _leg, conversation = house.talking()
    falls_silent(house)
    with pytest.raises(NotCalledError) as refused:
        house.do(
            ask_number, conversation, house.agents[0], "+8613900000000", house.desk.dialling,
            blind=True,
        )  # fmt: skip
    assert refused.value.kind == "dial-no-switch"
    assert house.state() is State.ACTIVE  # nobody was put on hold for it


def test_chats_are_offered_and_missed_as_ever_while_the_switch_is_silent(house):
    falls_silent(house)
    house.ready(house.agents[0])
    chat(house)
    assert house.state() is State.OFFERED
    house.later(RING + 1)
    assert house.state() is State.QUEUED
    assert house.seen(house.agents[0]) == "not_responding"
    assert len(house.events("conversation.miss")) == 1


def test_the_word_of_a_process_that_died_does_not_last(house):
    falls_silent(house)
    house.calls.stop()
    house.clock.advance(21)
    until_silent(house, silent=False)
