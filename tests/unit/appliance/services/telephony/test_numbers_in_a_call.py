"""Numbers outside as guests: consultation, three-way, attended and blind transfer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.dialling import NumberRefusedError
from appliance.services import talk
from appliance.services.take_part import NotInvitedError, invite
from appliance.services.telephony.numbers import (
    ask_number,
    hand_over_to_number,
    numbers_in,
    send_number_out,
)
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until

OUTSIDE = "+861060001234"


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        yield found


def ask(house: Exchange, conversation: int, number: str = OUTSIDE, *, blind: bool = False) -> None:
    house.do(
        ask_number, conversation, house.agents[0], number, house.desk.dialling, blind=blind
    )  # fmt: skip


def until_rings(house: Exchange) -> str:
    what = f"{OUTSIDE} to ring"
    return until(lambda: house.switch.ringing(OUTSIDE), 60, what, house.state, every=0.01) or ""


def consulting(house: Exchange) -> tuple[str, str, str, int]:
    """The caller on hold, the agent and the number in the room."""
    caller, leg, conversation = house.talking()
    house.do(talk.hold, conversation, house.agents[0])
    ask(house, conversation)
    out = until_rings(house)
    house.switch.phone_answers(out)
    house.until_together(leg, out)
    house.until_music(caller)
    return caller, leg, out, conversation


def transferring(house: Exchange) -> tuple[str, str, str, int]:
    """The caller hears music while the number rings."""
    caller, leg, conversation = house.talking()
    ask(house, conversation, blind=True)
    out = until_rings(house)
    house.until_music(caller)
    return caller, leg, out, conversation


def until_left_alone(house: Exchange, caller: str, out: str) -> None:
    house.until_together(caller, out)
    until(lambda: len(house.switch.channels()) == 2, 60, "the agent to be out", every=0.01)
    assert house.state() is State.WRAP_UP


def until_told(house: Exchange, because: str) -> None:
    told = lambda: [one["because"] for one in house.events("conversation.number_gone")]  # noqa: E731
    until(lambda: told() == [because], 60, because, told, every=0.01)


def test_a_consultation_is_not_heard_by_the_caller_and_all_three_speak_after_it(house):
    caller, leg, out, conversation = consulting(house)
    assert not house.switch.together(caller, out)
    assert house.switch.dialled == [OUTSIDE]
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg, out)
    house.switch.hangs_up(out)
    until_told(house, "hung_up")
    assert house.switch.together(caller, leg)
    assert house.floor.read(lambda work: work.calls.of(conversation)).missed == ""
    house.switch.hangs_up(caller)
    house.until_clear()


def test_it_sees_the_number_of_the_queue(house):
    queue = house.floor.read(lambda work: work.queue(house.queue))
    policy = replace(queue.phone, number="4000")
    house.floor.write(lambda work: work.save_queue(replace(queue, phone=policy)))
    _caller, _leg, conversation = house.talking()
    ask(house, conversation)
    assert house.switch.shown(until_rings(house)) == "4000"


@pytest.mark.parametrize("first", ["caller", "number"])
def test_after_an_attended_transfer_caller_and_number_speak_on_until_one_hangs_up(house, first):
    caller, _leg, out, conversation = consulting(house)
    house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
    until_left_alone(house, caller, out)
    house.do(talk.close, conversation, house.agents[0])
    assert house.seen(house.agents[0]) == "available"
    house.later(60)
    assert house.switch.together(caller, out)
    house.switch.hangs_up(caller if first == "caller" else out)
    house.until_clear()


def test_who_speak_on_without_us_are_parted_when_their_time_is_over(house):
    caller, _leg, out, conversation = consulting(house)
    house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
    house.until_together(caller, out)
    minute = 60.0
    house.later((house.desk.dialling.onward - 1) * minute)
    assert house.switch.together(caller, out)
    house.later(minute)
    house.until_clear()


def test_in_a_blind_transfer_the_agent_is_out_once_somebody_answers(house):
    caller, leg, out, conversation = transferring(house)
    assert house.state() is State.HELD
    assert house.seen(house.agents[0]) == "busy"
    house.switch.phone_answers(out)
    until_left_alone(house, caller, out)
    assert leg not in {one.id for one in house.switch.channels()}
    assert house.events("conversation.end")[-1]["number"] == OUTSIDE
    assert house.events("conversation.number_reached")
    house.switch.hangs_up(out)
    house.until_clear()
    house.do(talk.close, conversation, house.agents[0])


def test_who_does_not_answer_a_blind_transfer_leaves_the_caller_with_the_agent_and_the_reason(
    house,
):
    caller, leg, out, conversation = transferring(house)
    house.switch.phone_declines(out)
    house.until_together(caller, leg)
    assert house.state() is State.ACTIVE
    call = house.floor.read(lambda work: work.calls.of(conversation))
    assert (call.missed, call.missed_why) == (OUTSIDE, "busy")
    house.switch.hangs_up(caller)
    house.until_clear()


def test_an_agent_who_takes_the_caller_back_ends_a_blind_transfer(house):
    caller, leg, _out, conversation = transferring(house)
    house.do(talk.resume, conversation, house.agents[0])
    until_told(house, "agent")
    house.until_together(caller, leg)
    assert house.switch.leg_of(OUTSIDE) is None
    assert house.floor.read(lambda work: work.calls.of(conversation)).missed == ""


def test_an_agent_who_puts_the_phone_down_does_not_cut_a_blind_transfer(house):
    caller, leg, out, _conversation = transferring(house)
    house.switch.hangs_up(leg)
    house.later(1)
    assert house.state() is State.HELD
    house.switch.phone_answers(out)
    until_left_alone(house, caller, out)
    house.switch.hangs_up(caller)
    house.until_clear()


def test_and_is_rung_again_when_nobody_answered(house):
    caller, leg, out, _conversation = transferring(house)
    house.switch.hangs_up(leg)
    house.switch.phone_declines(out)
    again = house.until_rings("101")
    house.until_music(caller)
    house.switch.phone_answers(again)
    house.until_together(caller, again)
    house.switch.hangs_up(caller)
    house.until_clear()


@pytest.mark.parametrize("moment", ["consulting", "transferring"])
def test_a_caller_who_hangs_up_ends_it_for_all(house, moment):
    begin = {"consulting": consulting, "transferring": transferring}[moment]
    caller, *_rest = begin(house)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    until_told(house, "ended")


def test_a_number_that_is_sent_out_hears_no_more(house):
    caller, leg, _out, conversation = consulting(house)
    house.do(send_number_out, conversation, house.agents[0], OUTSIDE)
    until_told(house, "agent")
    assert house.switch.leg_of(OUTSIDE) is None
    house.do(talk.resume, conversation, house.agents[0])
    house.until_together(caller, leg)


@pytest.mark.parametrize("moment", ["rings", "consulting", "transferring", "alone"])
def test_a_kill_cuts_nobody_and_calls_nobody_twice(house, moment):
    if moment == "rings":
        caller, leg, conversation = house.talking()
        house.do(talk.hold, conversation, house.agents[0])
        ask(house, conversation)
        out = until_rings(house)
    else:
        caller, leg, out, conversation = (
            transferring if moment == "transferring" else consulting
        )(house)  # fmt: skip
    if moment == "alone":
        house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
        until_left_alone(house, caller, out)
    before = {one.id for one in house.switch.channels()}
    house.crash()
    house.later(1)
    assert {one.id for one in house.switch.channels()} == before
    if moment == "rings":
        house.switch.phone_answers(out)
        house.until_together(leg, out)
    elif moment == "transferring":
        house.switch.phone_answers(out)
        until_left_alone(house, caller, out)
    elif moment == "consulting":
        house.do(talk.resume, conversation, house.agents[0])
        house.until_together(caller, leg, out)
    assert house.switch.dialled == [OUTSIDE]
    house.switch.hangs_up(caller)
    house.until_clear()


def test_what_was_put_down_while_the_appliance_was_away_is_noticed(house):
    caller, _leg, out, _conversation = transferring(house)
    house.switch.phone_answers(out)
    until_left_alone(house, caller, out)
    house.calls.stop()
    house.switch.hangs_up(out)
    house.crash()
    house.until_clear()


def test_a_dead_switch_leaves_nothing_of_caller_and_number(house):
    caller, _leg, out, _conversation = transferring(house)
    house.switch.phone_answers(out)
    until_left_alone(house, caller, out)
    house.switch.dies()
    house.switch.returns()
    house.until_clear()


def test_what_may_not_be_called_is_not_asked_in_and_the_sentence_says_why(house):
    _caller, _leg, conversation = house.talking()

    def refused(*errors, number: str = OUTSIDE) -> str:
        with pytest.raises(errors) as error:
            ask(house, conversation, number)
        return error.value.kind

    assert refused(NumberRefusedError, number="+1 555") == "dial-not-allowed"
    assert refused(NumberRefusedError, number="12a") == "dial-form"
    ask(house, conversation)
    assert refused(NotInvitedError) == "number-there"
    for number in ("011", "012", "013"):
        ask(house, conversation, number)
    house.ready(house.agents[1])
    house.do(invite, conversation, *house.agents)
    assert refused(NotInvitedError, number="014") == "number-too-many"
    with pytest.raises(NotInvitedError) as early:
        house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
    assert early.value.kind == "hand-over-early"
    for number in (OUTSIDE, "011"):
        house.do(send_number_out, conversation, house.agents[0], number)
    ask(house, conversation, "015", blind=True)
    assert refused(NotInvitedError, number="016") == "number-transferring"
    house.do(talk.end, conversation, house.agents[0])
    assert refused(NotInvitedError) == "number-no-call"
    house.until_clear()
    assert house.floor.read(lambda work: numbers_in(work, conversation)) == []


def test_a_number_that_is_not_allowed_any_more_is_not_dialled(house):
    _caller, _leg, conversation = house.talking()
    house.do(
        ask_number, conversation, house.agents[0], "+1555",
        replace(house.desk.dialling, denied=()),
    )  # fmt: skip
    until_told(house, "failed")
    assert house.switch.dialled == []


def test_the_next_caller_is_another_conversation_while_the_last_one_speaks_on(house):
    caller, _leg, out, conversation = consulting(house)
    house.do(hand_over_to_number, conversation, house.agents[0], OUTSIDE)
    until_left_alone(house, caller, out)
    house.do(talk.close, conversation, house.agents[0])
    second = house.switch.arrives(NUMBER, "+8613700000000")
    leg = house.until_rings("101")
    house.switch.phone_answers(leg)
    house.until_together(second, leg)
    assert house.switch.together(caller, out)
