"""Calls numbers outside once the agent has picked up; `…domain.telephony.outgoing` says when."""

from __future__ import annotations

import contextlib
from dataclasses import replace

from appliance.domain.queue import Queue
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import BY_HAND, THERE, Call, Leg, Step
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.outgoing import Outgoing, next_outgoing_step
from appliance.domain.telephony.provider import End, GoneError, TelephonyProvider
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.telephony import outgoing
from appliance.services.telephony.ringer import Ringer
from appliance.services.telephony.view import View

STEPS = frozenset({Step.DIAL, Step.RINGBACK, Step.DROP_PARTY, Step.REACHED, Step.UNREACHED})
_BY_AGENT = "agent"


class Dialler:
    """Does what `next_outgoing_step` says of the number.

    Args:
        floor: the core.
        switch: started by whoever has this.
        ringer: calls the number.
        view: what is known of the switch.
        rules: how often it is tried.
    """

    def __init__(
        self, floor: Floor, switch: TelephonyProvider, ringer: Ringer, view: View, rules: Dialling
    ) -> None:
        self._floor, self._switch, self._ringer, self._view = floor, switch, ringer, view
        self._rules = rules

    def next(self, call: Call, conversation: Conversation) -> Step | None:
        """What is to be done; None: nothing."""
        leg, why = self._view.leg(call)
        party, _why = self._view.leg_of(call.channel, spoken=False)
        rings = self._view.hears_ringing(call.leg)
        line = Outgoing(leg, call.leg_agent, why, party, rings)
        return next_outgoing_step(conversation.state, conversation.agent, line)

    def do(self, step: Step, call: Call, queue: Queue | None) -> None:
        """One of `STEPS`. Raises GoneError."""
        if step is Step.DIAL:
            self._dial(call, queue)
        elif step is Step.RINGBACK:
            self._view.rings_back(call.leg)  # asked once, whether it is heard or not
            self._switch.ring(call.leg, on=True)
        elif step is Step.DROP_PARTY:
            self._switch.hang_up(call.channel)
            self._floor.write(lambda work: outgoing.renewed(work, call))
        elif step is Step.REACHED:
            with contextlib.suppress(GoneError):
                self._switch.ring(call.leg, on=False)
            self._floor.write(lambda work: outgoing.reached(work, call))
        else:
            because = self._why(call)
            if self._view.leg_of(call.channel, spoken=False)[0] in THERE:
                self._switch.hang_up(call.channel)
            change(
                self._floor, lambda work: outgoing.unreached(work, call, because, self._rules)
            )  # fmt: skip

    def _why(self, call: Call) -> str:
        party, why = self._view.leg_of(call.channel, spoken=False)
        if party is Leg.GONE:
            return str(why or End.FAILED)
        _leg, why = self._view.leg(call)
        by_hand = call.spoken or why in BY_HAND
        return _BY_AGENT if by_hand else outgoing.NO_PHONE

    def _dial(self, call: Call, queue: Queue | None) -> None:
        own = queue.phone.number if queue is not None else ""
        self._ringer.dial(
            call.conversation, call.channel, call.number, own,
            lambda: self._floor.write(lambda work: outgoing.dialled(work, call)),
        )  # fmt: skip


def without_asker(work: Work, call: Call) -> None:
    """Who asked to be called back has put the receiver down."""
    found = work.calls.of(call.conversation)
    if found is not None:
        work.calls.save(replace(found, asked_by=""))
