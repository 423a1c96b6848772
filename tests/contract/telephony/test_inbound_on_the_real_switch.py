"""A caller by sipp goes through a menu to an agent, and another one leaves a voicemail."""

from __future__ import annotations

import io
import time
import wave
from array import array
from dataclasses import replace

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.phones import Number
from appliance.domain.telephony.recording import CallRecording, Stage, Why
from appliance.services import talk
from appliance.telephony.speech import Speech
from appliance.telephony.tree import Tree
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.real_switch import real_switch
from tests.support.waiting import until

pytestmark = pytest.mark.long

STEPS = {
    "menu": {
        "kind": "menu", "say": [{"text": "销售请按一，留言请按二。", "language": "zh-CN"}],
        "keys": {"1": "sales", "2": "box"}, "ways": {"otherwise": "bye"},
    },
    "sales": {"kind": "queue", "queue": 1},
    "box": {"kind": "voicemail", "queue": 1, "say": [{"text": "Speak.", "language": "en"}]},
    "bye": {"kind": "hang_up"},
}  # fmt: skip
_HEARD = 500  # of 32768: a tone, and not the noise of nothing


def prepared(house: Exchange) -> None:
    draft = house.flows.add("main", {"start": "menu", "steps": STEPS})
    house.flows.publish(draft.id, "ada")
    house.phones.keep_number(Number(NUMBER, house.queue, draft.id))
    queue = house.floor.read(lambda work: work.queue(house.queue))
    queue = replace(queue, phone=replace(queue.phone, record=True, announce=10.0))
    house.floor.write(lambda work: work.save_queue(queue))


def kept(house: Exchange) -> CallRecording:
    """The newest conversation's recording; it has one."""

    def find() -> CallRecording | None:
        found = house.recordings.of(house.conversation().id)
        assert len(found) < 2
        return next((one for one in found if one.stage is not Stage.RECORDING), None)

    one = until(find, 60, "a recording", house.state, every=0.05)
    assert one is not None
    assert one.stage is Stage.KEPT, one
    return one


def loudness(house: Exchange) -> float:
    """Of that recording: the root mean square."""
    one = kept(house)
    with wave.open(io.BytesIO(b"".join(house.recordings.sound(one, 0, one.size - 1)))) as file:
        samples = array("h", file.readframes(file.getnframes()))
    return float((sum(s * s for s in samples) / len(samples)) ** 0.5)


def hold_for(house: Exchange, seconds: float) -> float:
    """The caller is held and brought back; for how long it was."""
    conversation, agent = house.conversation().id, house.agents[0]
    house.do(talk.hold, conversation, agent)
    begun = time.monotonic()
    house.until_room(1)
    until(lambda: time.monotonic() - begun > seconds, 60, "some time")
    held = time.monotonic() - begun
    house.do(talk.resume, conversation, agent)
    house.until_room(2)
    return held


def test_through_the_menu_to_an_agent_recorded_and_to_a_voicemail(tmp_path_factory):
    folder = tmp_path_factory.mktemp("s")
    with real_switch(folder, ["101", "102"]) as real:
        speech = Speech(real.places.prompts, Tree(real.places.tree), lambda _recording: None)
        spool = real.places.recorded
        with exchange(
            tmp_path_factory.mktemp("a"), reach=real.provider, speech=speech, spool=spool
        ) as house:
            prepared(house)
            real.phone("101", "answers")
            real.caller(NUMBER, stays=10, keys=[(1.0, "1")])
            house.until_state(State.QUEUED)
            house.ready(house.agents[0])
            house.until_state(State.ACTIVE)
            house.until_room(2)
            spoken = time.monotonic()
            held = hold_for(house, 2.0)
            house.until_state(State.WRAP_UP)
            spoken = time.monotonic() - spoken
            house.until_clear()
            # One recording of one talk; what was held is left out of it.
            assert loudness(house) > _HEARD
            assert [gap.why for gap in kept(house).gaps] == [Why.HELD]
            assert kept(house).seconds < spoken - held + 0.5
            real.caller(NUMBER, stays=5, keys=[(1.0, "2")])
            until(lambda: house.conversation().channel == "voicemail", 60, "a voicemail")
            assert loudness(house) > _HEARD
            assert house.provider.channels() == []
