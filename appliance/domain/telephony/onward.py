"""What is to be done about a call that goes on without us: the caller and a number outside.

Their agent has handed it over, and the conversation is in wrap-up or closed; from then on this rule
holds instead of `appliance.domain.telephony.call.next_step`. Caller and outside party are in the
call's room until one of them hangs up, or their time is over; then the other's line ends, too.
"""

from __future__ import annotations

from appliance.domain.telephony.call import THERE, Leg, Line, Step


def next_onward_step(
    line: Line, party: Leg, *, party_joined: bool, overdue: bool = False
) -> Step | None:
    """The next step; None: all is as it should be.

    Args:
        line: of the caller, and of the phone of the agent who left.
        party: the number's leg.
        party_joined: it is in the room.
        overdue: they have spoken for as long as they may.
    """
    if not line.caller or party is not Leg.UP or overdue:
        anything = line.caller or party in THERE or line.leg in THERE
        return Step.HANG_UP if anything else None
    if line.leg is not Leg.NONE:
        return Step.DROP_LEG
    if line.talking:
        return Step.HUSH
    return None if line.joined and party_joined else Step.JOIN_ON
