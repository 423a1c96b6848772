"""Whatever happens to a call, in whatever order: nothing is left behind, and nobody stays busy."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from appliance.domain.agent_state import Presence, Said
from appliance.domain.transitions import IllegalTransitionError
from appliance.services import talk
from appliance.services.presence import say
from appliance.services.trouble import NotYoursError
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until


@pytest.fixture(scope="module")
def house(tmp_path_factory) -> Iterator[Exchange]:
    with exchange(tmp_path_factory.mktemp("any")) as found:
        yield found


def _ready(house: Exchange, agent: int, _extension: str) -> None:
    presence = house.floor.read(lambda work: work.agent(agent)).presence
    if presence is Presence.OFFLINE:
        house.do(say, agent, Said.SIGN_IN)
    if presence is not Presence.AVAILABLE:
        house.do(say, agent, Said.READY)


def _answer(house: Exchange, _agent: int, extension: str) -> None:
    leg = house.switch.ringing(extension)
    if leg:
        house.switch.phone_answers(leg)


def _decline(house: Exchange, _agent: int, extension: str) -> None:
    leg = house.switch.ringing(extension)
    if leg:
        house.switch.phone_declines(leg)


def _put_down(house: Exchange, _agent: int, extension: str) -> None:
    leg = house.switch.leg_of(extension)
    if leg:
        house.switch.hangs_up(leg)


def _by_desk(name: str):
    def press(house: Exchange, agent: int, _extension: str) -> None:
        # In another state the desk would not have offered it.
        with contextlib.suppress(IllegalTransitionError, NotYoursError):
            house.do(getattr(talk, name), house.conversation().id, agent)

    return press


def _crash(house: Exchange, _agent: int, _extension: str) -> None:
    house.switch.away = False
    house.crash()


HAPPENS = {
    "ready": _ready,
    "answer": _answer,
    "decline": _decline,
    "put down": _put_down,
    "hold": _by_desk("hold"),
    "resume": _by_desk("resume"),
    "end": _by_desk("end"),
    "later": lambda house, _agent, _extension: house.later(7),
    "crash": _crash,
    "away": lambda house, _agent, _extension: house.switch.goes(),
    "back": lambda house, _agent, _extension: house.switch.returns(),
}


@settings(max_examples=25, suppress_health_check=list(HealthCheck))
@given(st.lists(st.tuples(st.sampled_from(sorted(HAPPENS)), st.integers(0, 1)), max_size=12))
def test_nothing_stays_behind(house, story):
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    until(lambda: house.taken(caller), 60, "the call to be taken", every=0.01)
    for what, who in story:
        HAPPENS[what](house, house.agents[who], str(101 + who))
    house.switch.returns()
    if caller in {one.id for one in house.switch.channels()}:
        house.switch.hangs_up(caller)
    house.until_clear()
    for agent in house.agents:
        for one in house.floor.read(lambda work, agent=agent: list(work.held_by(agent))):
            house.do(talk.close, one.id, agent)
        assert house.seen(agent) not in {"busy", "offered", "wrap_up"}
