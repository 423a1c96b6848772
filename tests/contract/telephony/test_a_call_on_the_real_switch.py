"""A caller and a desk phone by sipp, the real switch, and the core."""

from __future__ import annotations

import re

import pytest

from appliance.domain.conversation import State
from appliance.services import talk
from appliance.telephony import configure
from tests.support.exchange import NUMBER, exchange
from tests.support.real_switch import real_switch
from tests.support.waiting import until

pytestmark = pytest.mark.long


def test_a_call_waits_rings_is_held_outlives_a_crash_and_leaves_nothing(tmp_path_factory):
    with (
        real_switch(tmp_path_factory.mktemp("s"), ["101", "102"]) as real,
        exchange(tmp_path_factory.mktemp("a"), reach=real.provider) as house,
    ):
        real.phone("101", "answers")
        real.caller(NUMBER, stays=12)
        house.until_state(State.QUEUED)
        house.ready(house.agents[0])
        house.until_state(State.ACTIVE)
        house.until_room(2)
        assert house.seen(house.agents[0]) == "busy"
        conversation = house.conversation().id
        house.do(talk.hold, conversation, house.agents[0])
        house.until_room(1)
        house.do(talk.resume, conversation, house.agents[0])
        house.until_room(2)
        before = {one.id for one in house.provider.channels()}
        house.crash()
        house.until_room(2)
        assert {one.id for one in house.provider.channels()} == before
        house.until_state(State.WRAP_UP)
        house.until_clear()
        house.do(talk.close, conversation, house.agents[0], "sold")
        assert house.seen(house.agents[0]) == "available"


def test_a_caller_who_gives_up_while_it_rings_leaves_nothing(tmp_path_factory):
    with (
        real_switch(tmp_path_factory.mktemp("s"), ["101", "102"]) as real,
        exchange(tmp_path_factory.mktemp("a"), reach=real.provider) as house,
    ):
        real.phone("101", "answers", after=60)
        real.caller(NUMBER, stays=3)
        house.until_state(State.QUEUED)
        house.ready(house.agents[0])
        house.until_state(State.OFFERED)
        house.until_state(State.ABANDONED)
        house.until_clear()
        assert house.seen(house.agents[0]) == "available"


def test_who_came_while_nobody_was_there_is_taken_soon_after_the_return(tmp_path_factory):
    with real_switch(tmp_path_factory.mktemp("s"), ["101"]) as real:
        real.phone("101", "answers", after=600)
        real.caller(NUMBER, stays=120)
        channels = lambda: real.switch.console.ask("core show channels")  # noqa: E731
        until(lambda: "Queue(alone" in channels(), 60, "the switch's own queue", channels)
        with exchange(tmp_path_factory.mktemp("a"), reach=real.provider) as house:
            house.until_state(State.QUEUED)
            assert len(house.provider.channels()) == 1
            real.hush()


def test_while_nobody_is_there_who_came_first_stays_first_in_every_round(
    tmp_path_factory, monkeypatch
):
    monkeypatch.setattr(configure, "_ALONE_SECONDS", 4)
    with real_switch(tmp_path_factory.mktemp("s"), ["101"]) as real:
        waiting = lambda: [  # noqa: E731
            (channel, int(rounds))
            for channel, rounds in re.findall(
                r"(PJSIP/\S+) \(wait: .*prio: (\d+)\)",
                real.switch.console.ask("queue show alone"),
            )
        ]
        real.caller(NUMBER, stays=120)
        until(lambda: len(waiting()) == 1, 60, "the first", waiting)
        ((first, _round),) = waiting()
        real.caller(NUMBER, stays=120)
        until(lambda: len(waiting()) == 2, 60, "the second", waiting)
        again = lambda: len(waiting()) == 2 and waiting()[0][1] > waiting()[1][1]  # noqa: E731
        until(again, 60, "the first in another round than the second", waiting, every=0.1)
        assert waiting()[0][0] == first
        real.phone("101", "answers")
        calls = lambda: real.switch.console.ask("core show channels concise")  # noqa: E731
        until(lambda: "PJSIP/101-" in calls() and len(waiting()) == 1, 60, "an answer", waiting)
        assert waiting()[0][0] != first
        real.hush()
