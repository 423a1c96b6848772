"""A caller and a desk phone by sipp, the real switch, and the core."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest
import requests

from appliance.domain.conversation import State
from appliance.services import talk
from appliance.services.telephony.privacy import speak_in_private
from appliance.telephony import configure
from appliance.telephony.configure import ari_password
from tests.support.exchange import NUMBER, exchange
from tests.support.real_switch import RealSwitch, real_switch
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


def test_card_data_stays_out_of_the_recording_over_a_restart(tmp_path_factory):
    with (
        real_switch(tmp_path_factory.mktemp("s"), ["101", "102"]) as real,
        exchange(
            tmp_path_factory.mktemp("a"), reach=real.provider, spool=real.places.recorded
        ) as house,
    ):
        queue = house.floor.read(lambda work: work.queue(house.queue))
        policy = replace(queue.phone, record=True)
        house.floor.write(lambda work: work.save_queue(replace(queue, phone=policy)))
        real.phone("101", "answers")
        real.caller(NUMBER, stays=120)
        house.until_state(State.QUEUED)
        house.ready(house.agents[0])
        _until_recording(real, "recording")
        speak = partial(speak_in_private, most=timedelta(seconds=600))
        house.do(speak, house.conversation().id, house.agents[0], on=True)
        _until_recording(real, "paused")
        house.crash()
        house.until_room(2)
        house.later(1)
        time.sleep(2)
        _until_recording(real, "paused")
        house.do(speak, house.conversation().id, house.agents[0], on=False)
        _until_recording(real, "recording")
        real.hush()


def _until_recording(real: RealSwitch, state: str) -> None:
    """As the switch says itself."""
    where = f"http://127.0.0.1:{real.settings.ari_port}/ari/recordings/live/talk-1-1"
    known = ("callstead", ari_password(real.places))
    found = lambda: requests.get(where, auth=known, timeout=10).json().get("state")  # noqa: E731
    until(lambda: found() == state, 60, state, found)


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
