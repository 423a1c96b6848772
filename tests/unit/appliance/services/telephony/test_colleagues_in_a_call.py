"""Attended transfer and conference, on the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from appliance.domain.agent_state import Said
from appliance.domain.conversation import State
from appliance.services import talk
from appliance.services.presence import say
from appliance.services.take_part import NotInvitedError, invite, part
from appliance.services.telephony.guests import hand_over
from appliance.services.wall import seen_agents
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        yield found


def consulting(house: Exchange) -> tuple[str, str, str, int]:
    """The same, the caller on hold, and the second agent in the room."""
    caller, leg, conversation = house.talking()
    house.ready(house.agents[1])
    house.do(talk.hold, conversation, house.agents[0])
    house.do(invite, conversation, *house.agents)
    guest = house.until_rings("102")
    house.switch.phone_answers(guest)
    house.until_together(leg, guest)
    house.until_music(caller)
    return caller, leg, guest, conversation


def until_spoken(house: Exchange, conversation: int) -> None:
    until(
        lambda: [g.spoken for g in house.floor.read(lambda w: w.guests.of(conversation))] == [True],
        60, "the colleague to be there", every=0.01,
    )  # fmt: skip


def test_a_consultation_is_not_heard_by_the_caller(house):
    caller, leg, guest, _conversation = consulting(house)
    assert not house.switch.together(caller, leg)
    assert not house.switch.together(caller, guest)


def test_a_colleague_who_picks_up_is_told_of_it_once_at_their_own_desk(house):
    *_, conversation = consulting(house)
    until_spoken(house, conversation)
    house.crash()  # whoever takes over finds the colleague there, and joins nobody anew
    (told,) = house.events("conversation.pick_up")
    assert told["at_phone"] is True


def test_after_an_attended_transfer_the_colleague_has_the_call_and_the_agent_is_free(house):
    caller, _leg, guest, conversation = consulting(house)
    until_spoken(house, conversation)
    assert house.seen(house.agents[1]) == "busy", "who is asked into a call is at work"
    (second,) = [one for one in house.floor.read(seen_agents) if one.agent.id == house.agents[1]]
    assert second.state == "busy"
    assert house.events("conversation.join")[0]["busy"] is True, "reports count it so, too"
    house.do(hand_over, conversation, *house.agents)
    house.until_together(caller, guest)
    until(lambda: house.switch.leg_of("101") is None, 60, "the first phone to end", every=0.01)
    assert house.conversation().agent == house.agents[1]
    assert house.seen(house.agents[0]) == "available"
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_whoever_resumes_with_a_colleague_in_the_room_has_a_conference(house):
    caller, leg, guest, conversation = consulting(house)
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg, guest)
    house.switch.hangs_up(guest)
    until(lambda: not house.floor.read(lambda w: w.guests.of(conversation)), 60, "them to go")
    assert house.floor.read(lambda w: w.participants.of(conversation)) == []
    assert house.switch.together(caller, leg)


def test_a_colleague_who_is_sent_out_hears_no_more(house):
    caller, leg, _guest, conversation = consulting(house)
    house.do(part, conversation, *house.agents)
    until(lambda: house.switch.leg_of("102") is None, 60, "the phone to end", every=0.01)
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg)


@pytest.mark.parametrize(
    ("how", "because"),
    [("declines", "busy"), ("leaves", "busy"), ("has no phone on", "unreachable")],
)
def test_a_colleague_who_does_not_pick_up_takes_no_part_and_the_agent_is_told_why(
    house, how, because
):
    _caller, _leg, conversation = house.talking()
    house.ready(house.agents[1])
    if how == "has no phone on":
        house.switch.phones.discard("102")
    house.do(invite, conversation, *house.agents)
    if how == "declines":
        house.switch.phone_declines(house.until_rings("102"))
    elif how == "leaves":
        house.until_rings("102")
        house.do(part, conversation, house.agents[1], house.agents[1])
    gone = lambda work: not work.guests.of(conversation) and not work.participants.of(conversation)  # noqa: E731
    until(lambda: house.floor.read(gone), 60, "them to be out", every=0.01)
    (told,) = house.events("conversation.part")
    assert told["because"] == because
    call = house.floor.read(lambda w: w.calls.of(conversation))
    assert (call.missed, call.missed_why) == (f"agent:{house.agents[1]}", because)
    house.do(invite, conversation, *house.agents)
    assert house.floor.read(lambda w: w.calls.of(conversation)).missed == "", "asked anew"


@pytest.mark.parametrize("how", ["is sent out while it rings", "was there", "the call ends"])
def test_a_colleague_who_leaves_otherwise_was_not_missed(house, how):
    if how == "was there":
        _caller, _leg, guest, conversation = consulting(house)
        until_spoken(house, conversation)
        house.switch.hangs_up(guest)
    else:
        caller, _leg, conversation = house.talking()
        house.ready(house.agents[1])
        house.do(invite, conversation, *house.agents)
        house.until_rings("102")
        if how == "the call ends":
            house.switch.hangs_up(caller)
        else:
            house.do(part, conversation, *house.agents)
    until(lambda: not house.floor.read(lambda w: w.guests.of(conversation)), 60, "them to go")
    assert house.floor.read(lambda w: w.calls.of(conversation)).missed == ""
    assert all("because" not in one for one in house.events("conversation.part"))


def test_a_call_is_not_handed_to_a_phone_that_still_rings(house):
    _caller, _leg, conversation = house.talking()
    house.ready(house.agents[1])
    house.do(invite, conversation, *house.agents)
    house.until_rings("102")
    with pytest.raises(NotInvitedError, match="not picked up"):
        house.do(hand_over, conversation, *house.agents)


def test_a_kill_in_a_consultation_cuts_nobody(house):
    caller, leg, guest, conversation = consulting(house)
    before = {one.id for one in house.switch.channels()}
    house.crash()
    assert {one.id for one in house.switch.channels()} == before
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg, guest)
    house.switch.hangs_up(caller)
    house.until_clear()


def test_a_caller_who_hangs_up_in_a_consultation_ends_it_for_both(house):
    caller, *_rest = consulting(house)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_colleague_who_is_in_a_call_is_offered_no_other_until_they_have_left_it(house):
    caller, _leg, guest, conversation = consulting(house)
    house.switch.arrives(NUMBER, "+8613900000000")
    house.until_state(State.QUEUED)
    house.later(1)
    assert house.state() is State.QUEUED
    house.switch.hangs_up(guest)
    house.until_state(State.OFFERED)
    assert house.conversation().agent == house.agents[1]
    assert house.floor.read(lambda w: w.conversation(conversation)).agent == house.agents[0]
    assert house.switch.hears_music(caller)


def test_a_colleague_whose_phone_rings_already_is_asked_into_no_second_call_by_routing(house):
    _caller, _leg, conversation = house.talking()
    house.do(say, house.agents[1], Said.SIGN_IN)
    house.do(invite, conversation, *house.agents)
    house.switch.arrives(NUMBER, "+8613900000000")
    house.until_state(State.QUEUED)
    house.do(say, house.agents[1], Said.READY)
    assert house.state() is State.QUEUED
    house.do(part, conversation, *house.agents)
    house.until_state(State.OFFERED)
