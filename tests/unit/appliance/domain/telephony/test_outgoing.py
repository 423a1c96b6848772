"""The rule of what is to be done next about a call that we make."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.conversation import State
from appliance.domain.telephony.call import Leg, Step
from appliance.domain.telephony.outgoing import Outgoing, next_outgoing_step
from appliance.domain.telephony.provider import End

UP = {"leg": Leg.UP, "leg_agent": 1}
RINGING = {"leg": Leg.RINGING, "leg_agent": 1}
GONE = {"leg": Leg.GONE, "leg_agent": 1}


@pytest.mark.parametrize(
    ("state", "line", "step"),
    [
        (State.QUEUED, {}, None),
        (State.QUEUED, UP, Step.DROP_LEG),
        (State.QUEUED, {"party": Leg.RINGING}, Step.DROP_PARTY),
        (State.QUEUED, UP | {"party": Leg.UP}, Step.DROP_PARTY),
        (State.OFFERED, {}, Step.RING),
        (State.OFFERED, RINGING, None),
        (State.OFFERED, UP, Step.ACCEPT),
        (State.OFFERED, UP | {"leg_agent": 2}, Step.DROP_LEG),
        (State.OFFERED, GONE | {"why": End.BUSY}, Step.DECLINE),
        (State.OFFERED, GONE | {"why": End.UNREACHABLE}, Step.MISS),
        (State.ACTIVE, {}, Step.RING),
        (State.ACTIVE, RINGING, None),
        (State.ACTIVE, UP, Step.DIAL),
        (State.ACTIVE, UP | {"leg_agent": 2}, Step.DROP_LEG),
        (State.ACTIVE, UP | {"party": Leg.RINGING}, Step.RINGBACK),
        (State.ACTIVE, UP | {"party": Leg.RINGING, "rings": True}, None),
        (State.ACTIVE, UP | {"party": Leg.UP}, Step.REACHED),
        (State.ACTIVE, UP | {"party": Leg.GONE}, Step.UNREACHED),
        (State.ACTIVE, GONE, Step.UNREACHED),
        (State.ACTIVE, GONE | {"party": Leg.RINGING}, Step.UNREACHED),
        (State.ACTIVE, GONE | {"party": Leg.UP}, Step.REACHED),  # the rule of talks ends it
        (State.HELD, UP, Step.DIAL),
        (State.WRAP_UP, UP | {"party": Leg.RINGING}, Step.HANG_UP),
        (State.CLOSED, {"party": Leg.GONE}, None),
        (State.CLOSED, {}, None),
    ],
)
def test_each_difference_has_its_step(state, line, step):
    assert next_outgoing_step(state, 1, Outgoing(**line)) is step


LINES = st.builds(
    Outgoing,
    leg=st.sampled_from(Leg),
    leg_agent=st.sampled_from([None, 1, 2]),
    why=st.sampled_from([None, *End]),
    party=st.sampled_from(Leg),
    rings=st.booleans(),
)


@given(st.sampled_from(State), st.sampled_from([None, 1]), LINES)
def test_nobody_is_called_before_the_agent_has_picked_up(state, agent, line):
    if next_outgoing_step(state, agent, line) is Step.DIAL:
        assert state in {State.ACTIVE, State.HELD}
        assert line.leg is Leg.UP
        assert line.leg_agent == agent
