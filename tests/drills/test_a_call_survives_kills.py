"""SIGKILL of the appliance and of the switch in every state of a call, on real processes.

`tests/support/call_states.py` says which states there are; the matrix on the switch in memory
(`tests/unit/appliance/services/telephony/test_every_state.py`) holds more events than this one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.telephony.supervise import supervise
from tests.support.call_states import AGENT, PLACES, SUPERVISOR
from tests.support.kept_ground import Kept
from tests.support.phone_ground import Ground, started

pytestmark = pytest.mark.timeout(900)  # seconds; a new ground takes its time on a busy machine


@pytest.fixture(scope="module")
def grounds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept[Ground]]:
    kept = Kept(lambda: started(tmp_path_factory.mktemp("phone")), clean=lambda one: one.clean)
    yield kept
    kept.close()


@pytest.fixture
def ground(grounds: Kept[Ground]) -> Ground:
    return grounds.get()


def speak(ground: Ground, telephones: int = 2) -> None:
    ground.until(lambda: ground.room() == telephones, f"{telephones} to speak")


def to_agent(ground: Ground) -> None:
    ground.picks_up(AGENT)
    ground.ready(AGENT)
    speak(ground)


def call_back(ground: Ground) -> None:
    ground.party(picks_up=True)
    to_agent(ground)


def resume(ground: Ground, telephones: int = 2) -> None:
    ground.do(talk.resume, ground.conversation().id, ground.agents[AGENT])
    speak(ground, telephones)


def hold_and_resume(ground: Ground, others: int = 0) -> None:
    ground.do(talk.hold, ground.conversation().id, ground.agents[AGENT])
    speak(ground, 1 + others)
    resume(ground, 2 + others)


def climb(ground: Ground, rung: Rung, telephones: int) -> None:
    conversation = ground.conversation().id
    ground.do(supervise, conversation, ground.agents[SUPERVISOR], rung)
    speak(ground, telephones)


# What shows that it goes on after the kill.
GOES_ON: dict[str, Callable[[Ground], None]] = {
    "menu": lambda ground: ground.until(ground.hears, "the question again"),
    "announcement": lambda ground: ground.until(ground.hears, "it to be said again"),
    "waiting": to_agent,
    "asking": to_agent,
    "voicemail": lambda ground: ground.until(ground.recording, "the tape to run on"),
    "bridged": hold_and_resume,
    "held": resume,
    "consultation": lambda ground: resume(ground, 3),
    "three-way": lambda ground: hold_and_resume(ground, 1),
    "number consulted": lambda ground: resume(ground, 3),
    "left alone": speak,
    "listening": lambda ground: climb(ground, Rung.JOIN, 3),
    "whispering": lambda ground: climb(ground, Rung.JOIN, 3),
    "joined": lambda ground: climb(ground, Rung.LISTEN, 2),
    "called back": call_back,
    "callback bridged": hold_and_resume,
}


def kill_of_the_appliance(ground: Ground, name: str) -> None:
    PLACES[name].arrive(ground)
    before = ground.legs()
    ground.kill()
    assert name == "goodbye" or ground.legs() == before, "cut"
    ground.start()
    GOES_ON.get(name, lambda _ground: None)(ground)
    assert name == "goodbye" or before <= ground.legs(), "cut afterwards"


@pytest.mark.long
@pytest.mark.parametrize("name", PLACES)
def test_the_appliance_is_killed_and_the_call_goes_on(ground, name):
    kill_of_the_appliance(ground, name)
    ground.hang_up()
    spoke = ground.conversation().answered_at is not None and name != "callback dialled"
    after = State.WRAP_UP if spoke else PLACES[name].after_caller or PLACES[name].after_switch
    ground.leaves_nothing(after)


@pytest.mark.long
@pytest.mark.parametrize("name", PLACES)
def test_the_switch_is_killed_and_comes_back(ground, name):
    PLACES[name].arrive(ground)
    ground.kill_switch()
    ground.leaves_nothing(PLACES[name].after_switch)


@pytest.mark.long
@pytest.mark.parametrize("name", [n for n, place in PLACES.items() if place.after_caller])
def test_the_caller_hangs_up(ground, name):
    PLACES[name].arrive(ground)
    ground.hang_up()
    ground.leaves_nothing(PLACES[name].after_caller)


@pytest.mark.long
def test_two_who_speak_outlive_the_appliance_and_not_the_switch(ground):
    kill_of_the_appliance(ground, "bridged")
    ground.kill_switch()
    ground.leaves_nothing(State.WRAP_UP)
