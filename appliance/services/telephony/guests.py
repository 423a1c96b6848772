"""Guests in calls: done at the switch (`GuestLegs`), and in the core (`hand_over`)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.domain.conversation import SPOKEN_IN, Event
from appliance.domain.participants import Part
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call, Leg
from appliance.domain.telephony.guests import Guest, GuestStep, next_guest_step
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.telephony.provider import End, TelephonyProvider
from appliance.domain.work import Floor, Work
from appliance.services import take_part
from appliance.services.keep_moving import change
from appliance.services.moves import by_agent, move
from appliance.services.take_part import NotInvitedError
from appliance.services.telephony import numbers
from appliance.services.telephony.ringer import Ringer, new_leg
from appliance.services.telephony.view import View

_RING_SECONDS = 45  # an offer's usual time and some more; then the agent goes on without them


class GuestLegs:
    """Does what `next_guest_step` says.

    Args:
        floor: the core.
        switch: started by whoever has this.
        ringer: rings agents' phones, and numbers outside.
        view: what is known of the switch.
    """

    def __init__(self, floor: Floor, switch: TelephonyProvider, ringer: Ringer, view: View) -> None:
        self._floor, self._switch, self._ringer, self._view = floor, switch, ringer, view

    def transfers(self, call: Call) -> bool:
        """Whether the caller waits for somebody to answer a blind transfer."""
        there = self._floor.read(lambda work: numbers.numbers_in(work, call.conversation))
        return any(one.blind for one in there)

    def settle(self, call: Call, conversation: Conversation, policy: PhonePolicy) -> bool:
        """Take one step for one of a call's guests; whether there was one."""
        kept, invited = self._floor.read(lambda work: _read(work, call.conversation))
        spoken = conversation.state in SPOKEN_IN and call.spoken
        if not spoken:
            invited = []
        for guest in kept:
            wanted = (
                spoken and guest.number_wanted(conversation.state)
                if guest.number
                else guest.agent in invited
            )
            step = self._step(guest, wanted=wanted)
            if step is not None:
                self._do(step, guest, call, policy, ended=not spoken)
                return True
        here = {guest.agent for guest in kept}
        for agent in invited:
            if agent not in here:
                guest = Guest(call.conversation, agent, new_leg())
                self._do(GuestStep.RING, guest, call, policy, ended=False)
                return True
        return False

    def _step(self, guest: Guest, *, wanted: bool) -> GuestStep | None:
        leg, _why = self._view.leg_of(guest.leg, spoken=guest.spoken)
        if leg is Leg.NONE and not wanted:
            leg = Leg.GONE  # kept, and it never rang: to be forgotten
        return next_guest_step(
            wanted=wanted, leg=leg, joined=bool(self._view.room_of(guest.leg)), blind=guest.blind
        )

    def _do(
        self, step: GuestStep, guest: Guest, call: Call, policy: PhonePolicy, *, ended: bool
    ) -> None:
        if step is GuestStep.RING:
            self._ring(guest, call, policy)
        elif step is GuestStep.HAND_ON:
            change(self._floor, lambda work: numbers.hand_on(work, guest))
        elif step is GuestStep.JOIN:
            self._floor.write(lambda work: numbers.answered(work, guest))
            self._switch.join(call.bridge, guest.leg)
            self._view.stands_in_room(guest.leg, call.bridge)
        else:
            because = self._because(step, guest, ended=ended)
            if step is GuestStep.DROP:
                self._switch.hang_up(guest.leg)
                self._view.ended(guest.leg, End.HUNG_UP)
            no_phone = self._view.leg(call)[0] is Leg.GONE
            change(
                self._floor, lambda work: _send_out(work, guest, because, phone_gone=no_phone)
            )  # fmt: skip

    def _ring(self, guest: Guest, call: Call, policy: PhonePolicy) -> None:
        if guest.agent is not None:
            self._floor.write(lambda work: work.guests.save(guest))
            self._ringer.ring(call, guest.leg, guest.agent, _RING_SECONDS)
        else:
            self._ringer.dial(guest.conversation, guest.leg, guest.number, policy.number)

    def _because(self, step: GuestStep, guest: Guest, *, ended: bool) -> str:
        if step is GuestStep.DROP:
            return numbers.ENDED if ended else numbers.BY_AGENT
        _leg, why = self._view.leg_of(guest.leg, spoken=guest.spoken)
        return str(End.HUNG_UP if guest.spoken else why or End.FAILED)


def hand_over(work: Work, conversation: int, agent: int, to: int) -> Conversation:
    """A colleague who is in the call goes on in the agent's stead, and the agent leaves it.

    Raises:
        NotInvitedError, NotYoursError, UnknownError, IllegalTransitionError.
    """
    before = take_part.mine(work, conversation, agent)
    there = work.participants.one(conversation, to)
    if there is None or there.part is not Part.COLLEAGUE:
        raise NotInvitedError("hand-over-nobody")
    call = work.calls.of(conversation)
    if call is not None:
        guest = next((one for one in work.guests.of(conversation) if one.agent == to), None)
        if guest is None or not guest.spoken:
            raise NotInvitedError("hand-over-early", name=work.agent(to).name)
        work.guests.remove(guest)
        if call.leg:  # a phone that nobody wants in the call any more
            work.guests.save(Guest(conversation, agent, call.leg, call.spoken))
        work.calls.save(replace(call, leg=guest.leg, leg_agent=to, spoken=True))
    taken = move(
        work, before, Event.TAKE_OVER, by_agent(agent), agent=to, last_agent=to,
        data={"from": agent},
    )  # fmt: skip
    work.participants.remove(conversation, to)
    work.tell(
        "conversation.taken", who=by_agent(agent), conversation=conversation, agent=agent,
        queue=before.queue, data={"by": to},
    )  # fmt: skip
    return taken


def _read(work: Work, conversation: int) -> tuple[Sequence[Guest], list[int]]:
    parts = work.participants.of(conversation)
    invited = [one.agent for one in parts if one.part is Part.COLLEAGUE]
    return work.guests.of(conversation), invited


def _send_out(work: Work, guest: Guest, because: str, *, phone_gone: bool) -> None:
    if guest.agent is None:
        numbers.gone(work, guest, because, phone_gone=phone_gone)
        return
    there = work.participants.one(guest.conversation, guest.agent)
    if there is not None and there.part is Part.COLLEAGUE:
        take_part.part(work, guest.conversation, guest.agent, guest.agent, because)
    work.guests.remove(guest)
