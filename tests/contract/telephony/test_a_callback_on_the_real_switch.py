"""A caller by sipp asks to be called back by keys, and is called by way of the trunk."""

from __future__ import annotations

from dataclasses import replace

import pytest

from appliance.domain.conversation import State
from appliance.telephony.speech import Speech
from appliance.telephony.tree import Tree
from tests.support.exchange import NUMBER, exchange
from tests.support.real_switch import real_switch
from tests.support.waiting import until

pytestmark = pytest.mark.long


def test_asked_by_keys_busy_once_and_reached_at_the_second_try(tmp_path_factory):
    with real_switch(tmp_path_factory.mktemp("s"), ["101", "102"]) as real:
        speech = Speech(real.places.prompts, Tree(real.places.tree), lambda _recording: None)
        with exchange(tmp_path_factory.mktemp("a"), reach=real.provider, speech=speech) as house:
            queue = house.floor.read(lambda work: work.queue(house.queue))
            policy = replace(queue.phone, callback="1", language="en")
            house.floor.write(lambda work: work.save_queue(replace(queue, phone=policy)))
            real.phone("101", "answers")
            real.caller(NUMBER, stays=60, keys=[(3.0, "1"), (2.0, "1")])
            house.until_state(State.QUEUED)
            until(lambda: house.conversation().channel == "callback", 60, "a callback")
            until(lambda: not house.provider.channels(), 60, "the goodbye", house.state)
            house.ready(house.agents[0])
            real.party("declines")
            until(lambda: house.events("conversation.retry"), 60, "a try in vain", house.state)
            assert house.events("conversation.retry")[0]["because"] == "busy"
            until(lambda: not house.provider.channels(), 60, "the phone", house.state)
            real.party("answers")
            house.later(301)
            house.until_state(State.ACTIVE)
            until(
                lambda: [len(room.channels) for room in house.provider.bridges()] == [2],
                60, "two in the room", house.state, every=0.02,
            )  # fmt: skip
            assert house.events("conversation.reached")
            for one in house.provider.channels():
                if one.id.startswith("out-"):
                    house.provider.hang_up(one.id)
            house.until_state(State.WRAP_UP)
            house.until_clear()
