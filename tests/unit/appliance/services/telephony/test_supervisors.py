"""The ladder: listen, whisper, join; on the switch in memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.provider import HeardBy
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.take_part import invite
from appliance.services.telephony.guests import hand_over
from appliance.services.telephony.supervise import (
    NotSupervisedError,
    leave_call,
    seen_by_agent,
    supervise,
)
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


@pytest.fixture
def house(tmp_path: Path) -> Iterator[Exchange]:
    with exchange(tmp_path, agents=3) as found:
        yield found


def listening(house: Exchange, conversation: int, rung: Rung = Rung.LISTEN) -> str:
    """The third agent supervises, and has picked up: their phone."""
    house.do(supervise, conversation, house.agents[2], rung)
    leg = house.until_rings("103")
    house.switch.phone_answers(leg)
    return leg


def until_hears(house: Exchange, who: str, *others: str) -> None:
    heard = lambda: house.switch.hears_of(who)  # noqa: E731
    until(lambda: heard() == set(others), 60, f"{who} to hear {others}", heard, every=0.01)


def step(house: Exchange, conversation: int, rung: Rung) -> None:
    house.do(supervise, conversation, house.agents[2], rung)


def with_policy(house: Exchange, **policy: object) -> None:
    queue = house.floor.read(lambda work: work.queue(house.queue))
    queue = replace(queue, phone=replace(queue.phone, **policy))
    house.floor.write(lambda work: work.save_queue(queue))


def shown(house: Exchange, conversation: int) -> list[Rung]:
    found = lambda work: seen_by_agent(work, work.conversation(conversation))  # noqa: E731
    return [one.rung for one in house.floor.read(found)]


def test_up_and_down_the_ladder_each_is_heard_by_the_right_ones_alone(house):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation)
    until_hears(house, mine, caller, leg)
    until_hears(house, leg, caller)
    until_hears(house, caller, leg)
    step(house, conversation, Rung.WHISPER)
    until_hears(house, leg, caller, mine)
    until_hears(house, mine, caller, leg)
    until_hears(house, caller, leg)
    step(house, conversation, Rung.JOIN)
    until_hears(house, caller, leg, mine)
    until_hears(house, mine, caller, leg)
    step(house, conversation, Rung.LISTEN)
    until_hears(house, caller, leg)
    until_hears(house, leg, caller)
    until_hears(house, mine, caller, leg)
    house.do(leave_call, conversation, house.agents[2])
    until(lambda: house.switch.leg_of("103") is None, 60, "the phone to end", every=0.01)
    until_hears(house, caller, leg)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()


@pytest.mark.parametrize("rung", Rung)
def test_a_transfer_ends_it_and_nobody_listens_to_the_next_call_of_either_agent(house, rung):
    caller, _leg, conversation = house.talking()
    mine = listening(house, conversation, rung)
    until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
    house.ready(house.agents[1])
    house.do(talk.transfer_to_agent, conversation, house.agents[0], house.agents[1])
    other = house.until_rings("102")
    house.switch.phone_answers(other)
    house.until_together(caller, other)
    assert house.floor.read(lambda work: work.supervisions.all()) == []
    house.switch.arrives(NUMBER, "+8613900000000")
    house.switch.phone_answers(house.until_rings("101"))
    until(lambda: len(house.provider.bridges()) == 2, 60, "two calls", every=0.01)
    left = {one.id for one in house.provider.channels()}
    assert mine not in left
    assert not [one for one in left if one.startswith("ear-")]


@pytest.mark.parametrize("rung", Rung)
def test_when_the_call_ends_nothing_of_the_supervisor_is_left(house, rung):
    caller, _leg, conversation = house.talking()
    mine = listening(house, conversation, rung)
    until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()
    assert house.floor.read(lambda work: work.supervisions.all()) == []
    assert house.events("conversation.supervise")[-1]["rung"] == ""


@pytest.mark.parametrize("rung", Rung)
def test_a_kill_in_supervision_cuts_nobody_and_it_goes_on(house, rung):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation, rung)
    until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
    house.crash()
    assert {caller, leg, mine} <= {one.id for one in house.switch.channels()}
    step(house, conversation, Rung.WHISPER)
    until_hears(house, leg, caller, mine)
    house.switch.hangs_up(caller)
    house.until_clear()


def test_what_a_kill_left_at_the_switch_is_ended(house):
    caller, leg, conversation = house.talking()
    listening(house, conversation)
    until(lambda: len(house.switch.bridges()) == 2, 60, "an ear", every=0.01)
    with_policy(house, beep="none")
    house.calls.stop()
    house.floor.write(lambda work: leave_call(work, conversation, house.agents[2]))
    house._start()
    until(lambda: len(house.switch.channels()) == 2, 60, "the rest to end", every=0.01)
    until(lambda: len(house.switch.bridges()) == 1, 60, "its room, too", every=0.01)
    assert house.switch.together(caller, leg)


def test_whoever_hangs_up_or_does_not_pick_up_supervises_no_more(house):
    _caller, _leg, conversation = house.talking()
    none = lambda: house.floor.read(lambda work: work.supervisions.all()) == []  # noqa: E731
    house.switch.hangs_up(listening(house, conversation))
    until(none, 60, "them to be out", every=0.01)
    house.do(supervise, conversation, house.agents[2], Rung.LISTEN)
    house.switch.phone_declines(house.until_rings("103"))
    until(none, 60, "them to be out", every=0.01)
    house.switch.phones.discard("103")
    house.do(supervise, conversation, house.agents[2], Rung.LISTEN)
    until(none, 60, "them to be out", every=0.01)


def test_the_ear_goes_along_when_the_call_is_handed_over(house):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation)
    until_hears(house, mine, caller, leg)
    house.ready(house.agents[1])
    house.do(invite, conversation, *house.agents[:2])
    guest = house.until_rings("102")
    house.switch.phone_answers(guest)
    house.until_together(caller, guest)
    until_hears(house, mine, caller, leg, guest)
    until(lambda: house.floor.read(lambda w: w.guests.of(conversation))[0].spoken, 60, "them")
    house.do(hand_over, conversation, *house.agents[:2])
    until_hears(house, mine, caller, guest)


def test_on_hold_who_joins_speaks_with_the_agent_alone(house):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation)
    house.do(talk.hold, conversation, house.agents[0])
    house.until_music(caller)
    step(house, conversation, Rung.JOIN)
    until_hears(house, leg, mine)
    until_hears(house, mine, leg)
    until_hears(house, caller)


def test_on_hold_the_agent_hears_who_whispers_and_the_caller_the_music_alone(house):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation, Rung.WHISPER)
    house.do(talk.hold, conversation, house.agents[0])
    house.until_music(caller)
    until_hears(house, leg, mine)
    until_hears(house, caller)
    step(house, conversation, Rung.LISTEN)
    until_hears(house, leg)
    step(house, conversation, Rung.WHISPER)
    house.crash()
    until_hears(house, leg, mine)
    house.do(talk.resume, conversation, house.agents[0])
    until_hears(house, leg, caller, mine)
    until_hears(house, caller, leg)
    assert not house.switch.silent


@pytest.mark.parametrize("rung", Rung)
def test_a_supervisor_whose_page_goes_away_is_out_and_the_two_speak_on(house, rung):
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation, rung)
    until_rungs(house, conversation, rung, rung, None)
    house.switch.hangs_up(mine)
    until(lambda: rungs(house, conversation) == (), 60, "them to be out", every=0.01)
    until_hears(house, caller, leg)
    until_hears(house, leg, caller)
    assert not house.switch.hears_music(caller)
    assert house.conversation().state is State.ACTIVE


def rungs(house: Exchange, conversation: int) -> tuple[Rung | None, ...]:
    """Asked for, confirmed, refused."""
    found = house.floor.read(lambda work: work.supervisions.of(conversation))
    return (found[0].rung, found[0].reached, found[0].refused) if found else ()


def until_rungs(house: Exchange, conversation: int, *wanted: Rung | None) -> None:
    there = lambda: rungs(house, conversation)  # noqa: E731
    until(lambda: there() == wanted, 60, f"{wanted}", there, every=0.01)


def test_a_rung_is_confirmed_when_the_switch_has_followed_and_not_before(house):
    _caller, _leg, conversation = house.talking()
    house.do(supervise, conversation, house.agents[2], Rung.LISTEN)
    ringing = house.until_rings("103")
    assert rungs(house, conversation) == (Rung.LISTEN, None, None)
    house.switch.phone_answers(ringing)
    until_rungs(house, conversation, Rung.LISTEN, Rung.LISTEN, None)
    house.switch.held = []  # the switch is slow to tell that the new ear is there
    step(house, conversation, Rung.WHISPER)
    until(lambda: house.switch.held, 60, "the ear", every=0.01)
    assert rungs(house, conversation) == (Rung.WHISPER, Rung.LISTEN, None)
    held, house.switch.held = house.switch.held, None
    for one in held:
        house.switch._tell(one)
    until_rungs(house, conversation, Rung.WHISPER, Rung.WHISPER, None)
    assert house.events("conversation.supervise")[-1]["reached"] == "whisper"


def test_a_rung_that_the_switch_refuses_puts_the_supervisor_back_and_is_named(house):
    with_policy(house, beep="none")
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation)
    until_rungs(house, conversation, Rung.LISTEN, Rung.LISTEN, None)
    house.switch.no_ears.add(HeardBy.PHONE)
    step(house, conversation, Rung.WHISPER)
    until_rungs(house, conversation, Rung.LISTEN, Rung.LISTEN, Rung.WHISPER)
    until_hears(house, mine, caller, leg)
    until_hears(house, leg, caller)
    house.switch.no_ears.clear()
    step(house, conversation, Rung.WHISPER)
    until_rungs(house, conversation, Rung.WHISPER, Rung.WHISPER, None)


def test_who_can_be_put_back_nowhere_is_out_of_the_call(house):
    caller, leg, conversation = house.talking()
    house.switch.no_ears |= set(HeardBy)
    listening(house, conversation)
    until(lambda: rungs(house, conversation) == (), 60, "them to be out", every=0.01)
    until_hears(house, caller, leg)


def test_whoever_takes_the_call_over_goes_on_at_the_same_phone(house):
    caller, _leg, conversation = house.talking()
    mine = listening(house, conversation)
    until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
    house.do(talk.take_over, conversation, house.agents[2])
    until_hears(house, caller, mine)
    until(lambda: house.switch.leg_of("101") is None, 60, "the other phone to end", every=0.01)
    assert house.switch.leg_of("103") == mine
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_another_call_is_listened_to_after_the_first_was_left(house):
    _caller, _leg, first = house.talking()
    listening(house, first)
    house.switch.arrives(NUMBER, "+8613900000000")
    house.ready(house.agents[1])
    other = house.until_rings("102")
    house.switch.phone_answers(other)
    house.until_state(State.ACTIVE)
    listening(house, house.conversation().id)
    assert house.floor.read(lambda work: work.supervisions.of(first)) == []


def test_who_may_not_listen_is_told_why(house):
    _caller, _leg, conversation = house.talking()
    with pytest.raises(NotSupervisedError, match="yourself"):
        house.do(supervise, conversation, house.agents[0], Rung.LISTEN)
    house.do(talk.end, conversation, house.agents[0])
    with pytest.raises(NotSupervisedError, match="spoken in"):
        house.do(supervise, conversation, house.agents[2], Rung.LISTEN)


@pytest.mark.parametrize(
    ("beep", "heard_by"), [("agent", HeardBy.PHONE), ("all", HeardBy.ALL), ("none", None)]
)
def test_a_tone_is_heard_by_whom_the_queue_says_on_each_rung(house, beep, heard_by):
    with_policy(house, beep=beep)
    caller, leg, conversation = house.talking()
    mine = listening(house, conversation)
    for rung in (Rung.WHISPER, Rung.LISTEN):
        if heard_by is not None:
            until(lambda: house.switch.beeped() == [(leg, heard_by)], 60, "a tone", every=0.01)
            house.switch.played(next(one.id for one in house.switch.channels()
                                     if one.id.startswith("beep-")))  # fmt: skip
            until(lambda: house.switch.beeped() == [], 60, "its end", every=0.01)
        until_hears(house, mine, caller, leg)
        assert house.switch.beeped() == []
        step(house, conversation, rung)


def test_tones_come_again_as_often_as_the_queue_says(house):
    with_policy(house, beep_every=5.0)
    _caller, _leg, conversation = house.talking()
    listening(house, conversation)
    for _ in range(2):
        until(lambda: len(house.switch.beeped()) == 1, 60, "a tone", every=0.01)
        house.switch.played(next(one.id for one in house.switch.channels()
                                 if one.id.startswith("beep-")))  # fmt: skip
        until(lambda: house.switch.beeped() == [], 60, "its end", every=0.01)
        house.later(6.0)


@pytest.mark.parametrize("banner", [True, False])
def test_the_agent_is_shown_a_banner_as_the_queue_says_and_always_when_they_are_spoken_to(
    house, banner
):
    with_policy(house, banner=banner)
    caller, _leg, conversation = house.talking()
    mine = listening(house, conversation)
    until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
    assert shown(house, conversation) == ([Rung.LISTEN] if banner else [])
    step(house, conversation, Rung.WHISPER)
    assert shown(house, conversation) == [Rung.WHISPER]
