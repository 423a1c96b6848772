"""Agents at desk phones are muted by the switch: asked for in the core, and done at the switch.

The phone in the desk leaves out what its microphone hears by itself; a desk phone is left out by
the switch. What is kept is which phones of a call are to be muted, so that it ends with them.
"""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.conversation import SPOKEN_IN
from appliance.domain.kept_calls import CallNow
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.call import Call, Leg
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.domain.work import Floor, Work
from appliance.services.moves import by_agent
from appliance.services.telephony.view import View


class NotMutedError(InvalidError):
    """There is no phone of this agent in this call."""


def phones_in(work: Work, call: Call) -> dict[int, str]:
    """The channels of the agents' phones that were picked up in a call, by agent."""
    there = {
        one.agent: one.leg
        for one in work.guests.of(call.conversation)
        if one.agent is not None and one.spoken
    }
    if call.leg and call.leg_agent is not None and call.spoken:
        there[call.leg_agent] = call.leg
    return there


def mute(work: Work, conversation: int, agent: int, *, on: bool) -> Call:
    """Let nobody hear the agent's phone from now on, or (``on`` false) hear it again.

    Raises:
        NotMutedError, UnknownError.
    """
    found = work.conversation(conversation)
    call = work.calls.of(conversation)
    if call is None or call.over or found.state not in SPOKEN_IN:
        raise NotMutedError("mute-no-call")
    phones = phones_in(work, call)
    leg = phones.get(agent)
    if leg is None:
        raise NotMutedError("mute-no-phone")
    still = call.muted & set(phones.values())  # phones that have left need no more
    now = replace(call, muted=still | {leg} if on else still - {leg})
    if now.muted == call.muted:
        return call
    work.calls.save(now)
    work.tell(
        "conversation.mute", who=by_agent(agent), conversation=conversation, agent=found.agent,
        queue=found.queue, data={"by": agent, "on": on, "channel": found.channel},
    )  # fmt: skip
    return now


class MutedPhones:
    """Lets the switch follow.

    Args:
        floor: the core.
        switch: started by whoever has this.
        view: what is known of the switch.
    """

    def __init__(self, floor: Floor, switch: TelephonyProvider, view: View) -> None:
        self._floor, self._switch, self._view = floor, switch, view
        # By call and phone; None: it was there before us, so that it is not known.
        self._known: dict[int, dict[str, bool | None]] = {}

    def settle(self, now: CallNow) -> None:
        """Mute who is to be muted, and nobody else. Raises GoneError."""
        call = now.call
        known = self._known.get(call.conversation)
        if known is None:
            known = self._known[call.conversation] = self._of_before(now)
        if not known and not call.muted:
            return
        for leg in known.keys() | call.muted:
            wanted = leg in call.muted
            if known.get(leg, False) is wanted:
                continue
            if self._view.leg_of(leg, spoken=True)[0] is Leg.UP:
                self._switch.mute(leg, on=wanted)
            known[leg] = wanted

    def drop(self, conversation: int) -> None:
        """The call is over."""
        self._known.pop(conversation, None)

    def _of_before(self, now: CallNow) -> dict[str, bool | None]:
        """Phones of a call that is new to us: a kill may have been between asking and doing."""
        legs = [now.call.leg] if now.call.spoken else []
        if now.others:
            legs = list(self._floor.read(lambda work: phones_in(work, now.call)).values())
        return dict.fromkeys(leg for leg in legs if not self._view.rang(leg))
