"""What is to be done next about a call that we make: the agent's phone first, then the number.

A callback, and a call that an agent begins. As in `appliance.domain.telephony.call` the core
decides and the switch follows; this rule holds until somebody has answered at the number. From then
on the call is one like all others, and that rule holds.

======== ===========================================================================================
state    what the switch should have
======== ===========================================================================================
queued   nothing: it waits for an agent, as a place in the queue
offered  the agent's phone rings
active   the agent's phone is up; the number is called, and the agent hears it ring
ended    nothing
======== ===========================================================================================

What the switch tells the core beside what it always tells: somebody answered (`REACHED`), or the
number, or the agent, is gone before (`UNREACHED`).
"""

from __future__ import annotations

from dataclasses import dataclass

from appliance.domain.conversation import SPOKEN_IN, State
from appliance.domain.telephony.call import NO_MORE, THERE, Leg, Step, offered_step
from appliance.domain.telephony.provider import End


@dataclass(frozen=True)
class Outgoing:
    """What the switch has of it.

    Attributes:
        leg: the agent's phone; with ``leg_agent`` and ``why`` as in `Line`.
        party: the number's leg.
        rings: whether the agent hears it ring.
    """

    leg: Leg = Leg.NONE
    leg_agent: int | None = None
    why: End | None = None
    party: Leg = Leg.NONE
    rings: bool = False


OUTBOUND = "outbound"  # the channel's name of calls that agents begin


def next_outgoing_step(state: State, agent: int | None, line: Outgoing) -> Step | None:
    """The next step for a conversation in ``state`` at ``agent``; None: all is as it should be."""
    if state in NO_MORE:
        anything = line.leg in THERE or line.party in THERE
        return Step.HANG_UP if anything else None
    if state in SPOKEN_IN:
        return _spoken(agent, line)
    if line.party is not Leg.NONE:
        return Step.DROP_PARTY
    if line.leg is not Leg.NONE and (state is not State.OFFERED or line.leg_agent != agent):
        return Step.DROP_LEG
    return offered_step(line.leg, line.why) if state is State.OFFERED else None


def _spoken(agent: int | None, line: Outgoing) -> Step | None:
    if line.party is Leg.UP:
        return Step.REACHED
    if line.leg is not Leg.NONE and line.leg_agent != agent:
        return Step.DROP_LEG
    if Leg.GONE in {line.leg, line.party}:
        return Step.UNREACHED
    if line.leg is not Leg.UP:
        return Step.RING if line.leg is Leg.NONE else None
    if line.party is Leg.NONE:
        return Step.DIAL
    return None if line.rings else Step.RINGBACK
