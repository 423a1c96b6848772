"""The rule of what is to be done about a call next."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.conversation import State
from appliance.domain.telephony.call import Leg, Line, Step, next_step
from appliance.domain.telephony.provider import End

UP = {"answered": True, "music": True}
RINGS = {"leg": Leg.RINGING, "leg_agent": 1}
PICKED_UP = {"leg": Leg.UP, "leg_agent": 1}
PUT_DOWN = {"leg": Leg.GONE, "leg_agent": 1, "why": End.HUNG_UP}


@pytest.mark.parametrize(
    ("state", "line", "step"),
    [
        (State.QUEUED, {}, Step.ANSWER),
        (State.QUEUED, {"answered": True}, Step.MUSIC),
        (State.QUEUED, UP, None),
        (State.QUEUED, UP | RINGS, Step.DROP_LEG),
        (State.QUEUED, {"answered": True, "joined": True}, Step.PART),
        (State.QUEUED, {"caller": False}, Step.LEAVE),
        (State.OFFERED, UP, Step.RING),
        (State.OFFERED, UP | RINGS, None),
        (State.OFFERED, UP | PICKED_UP, Step.ACCEPT),
        (State.OFFERED, UP | PUT_DOWN | {"why": End.BUSY}, Step.DECLINE),
        (State.OFFERED, UP | PUT_DOWN | {"why": End.UNREACHABLE}, Step.MISS),
        (State.OFFERED, UP | RINGS | {"leg_agent": 2}, Step.DROP_LEG),
        (State.OFFERED, UP | RINGS | {"caller": False}, Step.LEAVE),
        (State.ACTIVE, UP | RINGS, None),
        (State.ACTIVE, UP | PICKED_UP, Step.JOIN),
        (State.ACTIVE, {"answered": True, "joined": True} | PICKED_UP, None),
        (State.ACTIVE, UP | PUT_DOWN | {"spoken": True}, Step.END_BY_AGENT),
        (State.ACTIVE, UP | PUT_DOWN, Step.LOSE_AGENT),
        (State.ACTIVE, UP | PICKED_UP | {"caller": False}, Step.END_BY_CALLER),
        (State.HELD, {"answered": True, "joined": True} | PICKED_UP, Step.PART),
        (State.HELD, {"answered": True} | PICKED_UP, Step.MUSIC),
        (State.HELD, UP | PICKED_UP, None),
        (State.HELD, UP | PUT_DOWN | {"spoken": True}, Step.END_BY_AGENT),
        (State.HELD, UP | PICKED_UP | {"caller": False}, Step.END_BY_CALLER),
        (State.WRAP_UP, {"answered": True, "joined": True} | PICKED_UP, Step.HANG_UP),
        (State.CLOSED, {}, Step.HANG_UP),
        (State.ABANDONED, {"caller": False}, None),
    ],
)
def test_each_difference_has_its_step(state, line, step):
    assert next_step(state, 1, Line(**line)) is step


LINES = st.builds(
    Line,
    caller=st.booleans(),
    answered=st.booleans(),
    music=st.booleans(),
    joined=st.booleans(),
    leg=st.sampled_from(Leg),
    leg_agent=st.sampled_from([None, 1, 2]),
    why=st.sampled_from([None, *End]),
    spoken=st.booleans(),
)


@given(st.sampled_from(State), st.sampled_from([None, 1]), LINES)
def test_a_caller_who_is_gone_is_never_rung_for_or_joined(state, agent, line):
    step = next_step(state, agent, line)
    if not line.caller:
        assert step not in {Step.RING, Step.JOIN, Step.ANSWER, Step.MUSIC, Step.ACCEPT}


@given(st.sampled_from([State.WRAP_UP, State.CLOSED, State.ABANDONED]), LINES)
def test_what_has_ended_leaves_nothing_at_the_switch(state, line):
    step = next_step(state, 1, line)
    left = line.caller or line.joined or line.leg in {Leg.RINGING, Leg.UP}
    assert (step is Step.HANG_UP) is left
