"""Desk phones that the switch mutes; on the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.domain.conversation import State
from appliance.services import talk
from appliance.services.take_part import invite
from appliance.services.telephony.guests import hand_over
from appliance.services.telephony.mute import NotMutedError, mute
from tests.support.exchange import Exchange, exchange
from tests.support.waiting import until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path, agents=3) as found:
        yield found


def until_muted(house: Exchange, *legs: str) -> None:
    muted = lambda: house.switch.muted  # noqa: E731
    until(lambda: muted() == set(legs), 60, f"{legs} to be muted", muted, every=0.01)


def test_who_is_muted_hears_and_is_not_heard_until_they_want_to_be(house):
    caller, leg, conversation = house.talking()
    house.do(mute, conversation, house.agents[0], on=True)
    until_muted(house, leg)
    assert house.switch.hears_of(caller) == set()
    assert house.switch.hears_of(leg) == {caller}
    house.do(talk.hold, conversation, house.agents[0])
    house.until_music(caller)
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg)
    until_muted(house, leg)
    house.do(mute, conversation, house.agents[0], on=False)
    until_muted(house)
    assert [one["on"] for one in house.events("conversation.mute")] == [True, False]


def test_a_kill_between_what_was_asked_for_and_what_was_done_leaves_nobody_muted(house):
    _caller, leg, conversation = house.talking()
    house.calls.stop()
    house.switch.mute(leg, on=True)  # done at the switch, and taken back while nobody followed
    house.crash()
    until_muted(house)
    house.calls.stop()
    house.floor.write(lambda work: mute(work, conversation, house.agents[0], on=True))
    house.crash()
    until_muted(house, leg)


def test_it_ends_with_the_call_and_the_next_one_is_heard(house):
    caller, _leg, conversation = house.talking()
    house.do(mute, conversation, house.agents[0], on=True)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    call = house.floor.read(lambda work: work.calls.of(conversation))
    assert call is not None
    assert call.muted == frozenset()
    assert not house.switch.muted


def test_a_colleague_who_was_asked_in_is_muted_by_themselves_and_stays_so_with_the_call(house):
    caller, leg, conversation = house.talking()
    house.ready(house.agents[1])
    house.do(invite, conversation, *house.agents[:2])
    guest = house.until_rings("102")
    with pytest.raises(NotMutedError, match="picked up"):
        house.do(mute, conversation, house.agents[1], on=True)
    house.switch.phone_answers(guest)
    house.until_together(caller, leg, guest)
    until(lambda: house.floor.read(lambda w: w.guests.of(conversation))[0].spoken, 60, "them")
    house.do(mute, conversation, house.agents[1], on=True)
    until_muted(house, guest)
    house.do(hand_over, conversation, *house.agents[:2])
    until(lambda: house.switch.leg_of("101") is None, 60, "the other phone to end", every=0.01)
    until_muted(house, guest)


def test_who_is_not_in_the_call_mutes_nothing(house):
    caller, _leg, conversation = house.talking()
    with pytest.raises(NotMutedError, match="picked up"):
        house.do(mute, conversation, house.agents[2], on=True)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    with pytest.raises(NotMutedError, match="goes on"):
        house.do(mute, conversation, house.agents[0], on=True)
