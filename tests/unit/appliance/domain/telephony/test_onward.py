from __future__ import annotations

import pytest

from appliance.domain.telephony.call import Leg, Line, Step
from appliance.domain.telephony.guests import GuestStep, next_guest_step
from appliance.domain.telephony.onward import next_onward_step

JOINED = Line(answered=True, joined=True)


@pytest.mark.parametrize(
    ("line", "party", "party_joined", "step"),
    [
        (Line(answered=True, music=True, leg=Leg.UP, leg_agent=5), Leg.UP, False, Step.DROP_LEG),
        (Line(answered=True, music=True, leg=Leg.GONE), Leg.UP, False, Step.DROP_LEG),
        (Line(answered=True, talking=True), Leg.UP, False, Step.HUSH),
        (Line(answered=True, music=True), Leg.UP, False, Step.JOIN_ON),
        (Line(answered=True, music=True), Leg.UP, True, Step.JOIN_ON),
        (JOINED, Leg.UP, False, Step.JOIN_ON),
        (JOINED, Leg.UP, True, None),
        (JOINED, Leg.GONE, False, Step.HANG_UP),
        (Line(caller=False), Leg.UP, True, Step.HANG_UP),
        (Line(caller=False, leg=Leg.UP), Leg.GONE, True, Step.HANG_UP),
        (Line(caller=False), Leg.GONE, False, None),
        (Line(caller=False, leg=Leg.GONE), Leg.GONE, False, None),
    ],
)
def test_caller_and_number_speak_on_until_one_of_them_is_gone(line, party, party_joined, step):
    assert next_onward_step(line, party, party_joined=party_joined) is step


@pytest.mark.parametrize("step", [Step.HANG_UP, None])
def test_and_no_longer_than_their_time(step):
    line = JOINED if step else Line(caller=False)
    party = Leg.UP if step else Leg.GONE
    assert next_onward_step(line, party, party_joined=bool(step), overdue=True) is step


def test_a_blind_transfer_is_handed_on_by_the_answer_and_joins_nobody_before():
    steps = [next_guest_step(wanted=True, leg=leg, joined=False, blind=True) for leg in Leg]
    assert dict(zip(Leg, steps, strict=True)) == {
        Leg.NONE: GuestStep.RING, Leg.RINGING: None, Leg.UP: GuestStep.HAND_ON,
        Leg.GONE: GuestStep.SEND_OUT,
    }  # fmt: skip
