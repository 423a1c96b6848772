"""What every switch must do."""

from __future__ import annotations

import pytest

from appliance.domain.telephony.provider import (
    Answered,
    Arrived,
    End,
    Ended,
    GoneError,
    HeardBy,
    Played,
    Pressed,
    Recorded,
)
from tests.support.waiting import until

LONG = 120.0


def arrived(people, stays: float = LONG):
    people.calls("100", stays)
    return people.heard.wait(Arrived).channel


def test_a_call_from_outside_is_told_with_both_numbers_and_ends_when_the_caller_hangs_up(people):
    channel = arrived(people, stays=1.0)
    assert (channel.called, channel.caller, channel.up) == ("100", "+8613800000000", False)
    people.provider.answer(channel.id)
    people.answered()
    assert people.heard.wait(Ended) == Ended(channel.id, End.HUNG_UP)
    assert people.provider.channels() == []


def test_what_is_there_is_found_again_with_its_numbers(people):
    channel = arrived(people)
    people.provider.answer(channel.id)
    until(lambda: people.provider.channels()[0].up, 60, "the answer", every=0.02)
    (found,) = people.provider.channels()
    assert (found.id, found.called, found.caller) == (channel.id, "100", "+8613800000000")
    people.provider.hang_up(channel.id)
    assert people.heard.wait(Ended).channel == channel.id


def test_a_phone_rings_under_the_id_that_we_gave_and_two_legs_meet_in_a_room(people):
    channel = arrived(people)
    people.provider.answer(channel.id)
    people.provider.music(channel.id, on=True)
    people.at_phone("101", "answers")
    people.provider.call("leg-1", ["seat-1", "101"], channel.caller, 30)
    people.provider.call("leg-1", ["101"], channel.caller, 30)  # asked twice, rings once
    assert people.heard.wait(Answered) == Answered("leg-1", "101")
    people.provider.join("call-1", "leg-1", channel.id)
    people.provider.join("call-1", channel.id)  # asked twice, is there once
    (room,) = people.provider.bridges()
    assert room.channels == {"leg-1", channel.id}
    people.provider.record("call-1", "one")
    people.provider.pause_recording("one", on=True)
    people.provider.pause_recording("one", on=False)
    people.provider.leave("call-1", channel.id)
    people.provider.music(channel.id, on=True)
    assert people.provider.bridges()[0].channels == {"leg-1"}
    people.provider.play(channel.id, ["hello-world", "demo-thanks"], "prompt-1")
    people.provider.stop_playing("prompt-1")
    assert people.heard.wait(Played) == Played("prompt-1")
    assert people.provider.stop_recording("one")
    assert people.heard.wait(Recorded).name == "one"
    people.provider.drop_bridge("call-1")
    people.provider.hang_up("leg-1")
    people.provider.hang_up(channel.id)
    until(lambda: not people.provider.channels(), 60, "the end", every=0.02)
    assert people.provider.bridges() == []


def test_a_caller_speaks_after_the_tone_and_the_keys_that_are_pressed_are_told(people):
    channel = arrived(people)
    people.provider.answer(channel.id)
    people.answered()
    assert people.heard.wait(Pressed) == Pressed(channel.id, "5")
    people.provider.record_caller(channel.id, "message-1", 60, 30)
    people.provider.hang_up(channel.id)
    assert people.heard.wait(Recorded) == Recorded("message-1", whole=True)


def test_a_phone_that_declines_is_told_as_busy(people):
    people.at_phone("101", "declines")
    people.provider.call("leg-1", ["101"], "", 30, at_once=True)
    assert people.heard.wait(Ended) == Ended("leg-1", End.BUSY)


def test_a_phone_that_nobody_signed_in_with_is_told_as_unreachable(people):
    people.provider.call("leg-1", ["seat-1", "102"], "", 30)
    assert people.heard.wait(Ended) == Ended("leg-1", End.UNREACHABLE)


def joins(people, room, *channels):
    try:
        people.provider.join(room, *channels)
    except GoneError:  # the room of that name is still being left
        return False
    return True


def test_a_number_outside_is_called_and_the_agent_hears_it_ring(people):
    people.at_phone("101", "answers")
    people.provider.call("leg-1", ["101"], "+8613800000000", 30, at_once=True)
    assert people.heard.wait(Answered) == Answered("leg-1", "101")
    people.provider.ring("leg-1", on=True)
    people.heard.events.clear()
    people.at_number("+8613800000000", "answers")
    people.provider.dial("out-1", "+8613800000000", "4000", 30)
    people.provider.dial("out-1", "+8613800000000", "4000", 30)  # asked twice, called once
    assert people.heard.wait(Answered).channel == "out-1"
    people.provider.ring("leg-1", on=False)
    people.provider.join("call-1", "leg-1")
    with pytest.raises(GoneError):
        people.provider.join("call-1", "none", "out-1")
    assert people.provider.bridges()[0].channels == {"leg-1"}
    people.provider.join("call-1", "out-1")
    assert people.provider.bridges()[0].channels == {"leg-1", "out-1"}
    people.provider.drop_bridge("call-1")
    until(lambda: joins(people, "call-1", "leg-1", "out-1"), 10, "the name, free again")
    assert people.provider.bridges()[0].channels == {"leg-1", "out-1"}
    people.provider.drop_bridge("call-1")
    people.provider.hang_up("out-1")
    people.provider.hang_up("leg-1")
    until(lambda: not people.provider.channels(), 60, "the end", every=0.02)


def test_a_number_outside_that_is_busy_is_told_as_busy(people):
    people.at_number("+8613800000000", "declines")
    people.provider.dial("out-1", "+8613800000000", "", 30)
    assert people.heard.wait(Ended) == Ended("out-1", End.BUSY)


def test_ending_what_is_gone_does_nothing_and_anything_else_with_it_says_so(people):
    switch = people.provider
    switch.hang_up("none")
    switch.drop_bridge("none")
    switch.leave("none", "none")
    switch.stop_playing("none")
    assert not switch.stop_recording("none")
    switch.silence("none", on=False)
    for act in (
        lambda: switch.answer("none"),
        lambda: switch.music("none", on=True),
        lambda: switch.mute("none", on=True),
        lambda: switch.silence("none", on=True),
        lambda: switch.ring("none", on=True),
        lambda: switch.join("none", "none"),
        lambda: switch.play("none", ["hello-world"], "p"),
        lambda: switch.record("none", "r"),
        lambda: switch.record_caller("none", "r", 10, 2),
        lambda: switch.pause_recording("none", on=True),
    ):
        with pytest.raises(GoneError):
            act()


def test_an_ear_stands_at_a_phone_meets_others_in_a_room_and_ends_with_that_phone(people):
    people.at_phone("101", "answers")
    people.provider.call("leg-1", ["101"], "", 30)
    assert people.heard.wait(Answered) == Answered("leg-1", "101")
    people.provider.lend_ear("ear-1", "leg-1", hears=True, heard_by=HeardBy.PHONE)
    until(lambda: Answered("ear-1") in people.heard.events, 60, "the ear", every=0.02)
    people.provider.join("apart", "ear-1")
    assert {one.id: (one.up, one.called) for one in people.provider.channels()} == {
        "leg-1": (True, ""), "ear-1": (True, ""),
    }  # fmt: skip
    people.provider.lend_ear("beep-1", "leg-1", hears=False, heard_by=HeardBy.ALL)
    until(lambda: Answered("beep-1") in people.heard.events, 60, "another one", every=0.02)
    people.provider.play("beep-1", ["beep"], "tone-1")
    people.provider.stop_playing("tone-1")
    assert people.heard.wait(Played) == Played("tone-1")
    people.provider.hang_up("beep-1")
    people.provider.hang_up("leg-1")
    until(lambda: not people.provider.channels(), 60, "both ends", every=0.02)
    people.provider.drop_bridge("apart")
    with pytest.raises(GoneError):
        people.provider.lend_ear("ear-2", "leg-1", hears=True, heard_by=HeardBy.NOBODY)


def test_who_is_alone_in_a_silent_room_hears_who_whispers_and_nobody_hears_who_is_muted(people):
    for phone, does in (("101", "repeats"), ("102", "talks")):
        people.at_phone(phone, does)
        people.provider.call(f"leg-{phone}", [phone], "", 30)
        answered = Answered(f"leg-{phone}", phone)
        until(lambda it=answered: it in people.heard.events, 60, "the answer", every=0.02)
    people.provider.join("call-1", "leg-101")
    people.provider.join("apart", "leg-102")
    people.provider.lend_ear("ear-1", "leg-101", hears=True, heard_by=HeardBy.PHONE)
    until(lambda: Answered("ear-1") in people.heard.events, 60, "the ear", every=0.02)
    people.provider.join("apart", "ear-1")
    assert not people.hears("leg-101")
    people.provider.silence("call-1", on=True)
    people.provider.silence("call-1", on=True)
    until(lambda: people.hears("leg-101"), 60, "the whisper")
    people.provider.mute("leg-102", on=True)
    people.provider.mute("leg-102", on=True)
    until(lambda: not people.hears("leg-101"), 60, "nothing")
    people.provider.mute("leg-102", on=False)
    people.provider.mute("leg-102", on=False)
    until(lambda: people.hears("leg-101"), 60, "the whisper")
    people.provider.silence("call-1", on=False)
    people.provider.silence("call-1", on=False)
    until(lambda: not people.hears("leg-101"), 60, "nothing")
    people.provider.drop_bridge("call-1")
    people.provider.drop_bridge("apart")
    people.provider.hang_up("leg-101")
    people.provider.hang_up("leg-102")
    until(lambda: not people.provider.channels(), 60, "the end", every=0.02)
