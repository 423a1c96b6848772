"""Supervisors in calls, at the switch: does what `next_supervision_step` says."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial

from appliance.domain.conversation import SPOKEN_IN
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call, Leg
from appliance.domain.telephony.guests import Guest
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.telephony.provider import End, HeardBy, TelephonyProvider
from appliance.domain.telephony.supervision import (
    EAR,
    Ear,
    Rung,
    Supervision,
    SupervisionStep,
    Where,
    ear_name,
    fits,
    next_supervision_step,
    reached,
)
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.telephony.beeps import BEEP, Beeps
from appliance.services.telephony.ringer import Ringer
from appliance.services.telephony.supervise import follows, leave_call, of, refuses, tell_there
from appliance.services.telephony.view import View
from common.clock import Clock
from common.errors import RemoteError
from common.logs import get_logger

log = get_logger(__name__)

_RING_SECONDS = 30
_HEARD_BY = {Rung.LISTEN: HeardBy.NOBODY, Rung.WHISPER: HeardBy.PHONE}


class SupervisorLegs:
    """See the module.

    Args:
        floor: the core.
        switch: started by whoever has this.
        ringer: rings their phones.
        view: what is known of the switch.
        clock: for the next beep.
        again: looks at a call after so many seconds.
    """

    def __init__(
        self, floor: Floor, switch: TelephonyProvider, ringer: Ringer, view: View, clock: Clock,
        again: Callable[[int, float], None],
    ) -> None:  # fmt: skip
        self._floor, self._switch, self._ringer, self._view = floor, switch, ringer, view
        self._beeps = Beeps(switch, view, clock, again)
        self._here: dict[int, dict[str, Supervision]] = {}  # by call and phone, as last seen

    def found(self, channels: Iterable[str], rooms: Iterable[str]) -> None:
        """After a crash: end what belongs to nobody, and know the rest."""
        there = self._floor.read(lambda work: list(work.supervisions.all()))
        for one in there:
            self._view.owns(one.leg, one.conversation)
            self._here.setdefault(one.conversation, {})[one.leg] = one
            if one.ear:
                self._view.owns(one.ear, one.conversation)
        ears, apart = {one.ear for one in there}, {one.room for one in there}
        for channel in channels:
            ours = channel in ears or self._beeps.owns(channel)
            if channel.startswith((BEEP, EAR)) and not ours:
                self._switch.hang_up(channel)
        for room in rooms:
            if room.startswith(EAR) and room not in apart:
                self._switch.drop_bridge(room)

    def legs(self) -> list[str]:
        """The phones of all who supervise."""
        return [one.leg for one in self._floor.read(lambda work: list(work.supervisions.all()))]

    def adopt(self, call: Call, conversation: Conversation) -> bool:
        """A supervisor who listened and took the call over goes on at the same phone."""
        agent = conversation.agent
        if conversation.state not in SPOKEN_IN or agent is None or call.leg_agent == agent:
            return False
        mine = self._floor.read(lambda work: of(work, call.conversation, agent))
        if mine is None:
            return False
        if not mine.spoken or self._leg(mine) is not Leg.UP:
            self._floor.write(lambda work: work.supervisions.remove(mine))
            return True
        self._switch.join(call.bridge, mine.leg)
        self._view.stands_in_room(mine.leg, call.bridge)
        self._no_ear(mine)

        def taken(work: Work) -> None:
            if call.leg and call.leg_agent is not None:  # nobody wants it in the call any more
                work.guests.save(Guest(call.conversation, call.leg_agent, call.leg, call.spoken))
            work.calls.save(replace(call, leg=mine.leg, leg_agent=agent, spoken=True))
            work.supervisions.remove(mine)

        self._floor.write(taken)
        self._beeps.forget(mine)
        return True

    def remembers(self, call: Call) -> bool:
        """Whether anybody supervised it when it was looked at last."""
        return bool(self._here.get(call.conversation))

    def settle(self, call: Call, conversation: Conversation, policy: PhonePolicy) -> bool:
        """Take one step for one of a call's supervisors; whether there was one.

        ``policy``: of the call's queue.
        """
        there = self._floor.read(lambda work: list(work.supervisions.of(call.conversation)))
        before = self._here.get(call.conversation, {})
        if not there and not before:
            return False
        now = {one.leg: one for one in there}
        for leg, one in before.items():
            if leg not in now and leg != call.leg:  # who took the call over has it from now on
                self._drop(one)
        self._here[call.conversation] = now
        if conversation.state not in SPOKEN_IN:
            for one in there:
                self._send_out(one)
            return bool(there)
        for one in there:
            step = self._step(one, call)
            if step is not None:
                self._try(step, one, call)
                return True
            if self._follows(one, call):
                return True
            self._beeps.due(one, call, policy)
        return False

    def tones(self, conversation: int) -> None:
        """What beeps in a call goes on."""
        self._beeps.sound(conversation)

    def _step(self, one: Supervision, call: Call) -> SupervisionStep | None:
        return next_supervision_step(
            one.rung, self._leg(one), self._where(one, call), self._ear(one, call),
            agent_there=self._view.leg(call)[0] is Leg.UP,
        )  # fmt: skip

    def _leg(self, one: Supervision) -> Leg:
        return self._view.leg_of(one.leg, spoken=one.spoken)[0]

    def _where(self, one: Supervision, call: Call) -> Where:
        room = self._view.room_of(one.leg)
        if not room:
            return Where.NOWHERE
        return Where.CALL if room == call.bridge else Where.APART

    def _ear(self, one: Supervision, call: Call) -> Ear:
        if not one.ear:
            return Ear.NONE
        if not fits(one.ear, one.rung, call.leg):
            return Ear.OTHER
        leg, _why = self._view.leg_of(one.ear, spoken=True)
        if leg is Leg.UP:
            return Ear.HEARS if self._view.room_of(one.ear) else Ear.UP
        return Ear.COMING if leg is Leg.RINGING else Ear.OTHER

    def _try(self, step: SupervisionStep, one: Supervision, call: Call) -> None:
        try:
            self._do(step, one, call)
        except RemoteError as error:
            log.warning("supervision.refused", call=call.conversation, step=str(step),
                        what=str(error))  # fmt: skip
            self._as_kept(one, refuses)

    def _follows(self, one: Supervision, call: Call) -> bool:
        """Keep whether the switch is where it should be; whether that is news."""
        there = reached(one.rung, self._leg(one), self._where(one, call), self._ear(one, call))
        if (one.reached is one.rung) is there:
            return False
        return self._as_kept(one, partial(follows, reached=there))

    def _as_kept(self, one: Supervision, use_case: Callable[[Work, Supervision], None]) -> bool:
        """Unless it was left, or is on another rung, meanwhile."""

        def do(work: Work) -> bool:
            kept = _kept(work, one)
            if kept is None or kept.rung is not one.rung:
                return False
            use_case(work, kept)
            return True

        return change(self._floor, do)

    def _do(self, step: SupervisionStep, one: Supervision, call: Call) -> None:
        if step is SupervisionStep.RING:
            self._ringer.ring(call, one.leg, one.agent, _RING_SECONDS, at_once=True)
        elif step is SupervisionStep.ASIDE:
            self._into(one, one.room)
        elif step is SupervisionStep.JOIN:
            self._into(one, call.bridge)
        elif step is SupervisionStep.LEND_EAR:
            self._lend_ear(one, call)
        elif step is SupervisionStep.HEAR:
            self._switch.join(one.room, one.ear)
            self._view.stands_in_room(one.ear, one.room)
        elif step is SupervisionStep.NO_EAR:
            self._no_ear(one)
            self._save(replace(one, ear=""))
        else:
            self._send_out(one)

    def _into(self, one: Supervision, room: str) -> None:
        self._switch.join(room, one.leg)
        self._view.stands_in_room(one.leg, room)
        if not one.spoken:
            change(self._floor, lambda work: _picked_up(work, one))

    def _lend_ear(self, one: Supervision, call: Call) -> None:
        self._end_ear(one)
        ear = ear_name(one.rung, call.leg, secrets.token_hex(4))
        if not self._save(replace(one, ear=ear)):
            return
        with self._view.asking(ear, one.conversation):
            self._switch.lend_ear(ear, call.leg, hears=True, heard_by=_HEARD_BY[one.rung])

    def _save(self, one: Supervision) -> bool:
        """Keep it, unless it was left, or is on another rung, meanwhile."""

        def save(work: Work) -> bool:
            kept = _kept(work, one)
            if kept is None or kept.rung is not one.rung:
                return False
            work.supervisions.save(one)
            return True

        saved = self._floor.write(save)
        if saved:
            self._here.setdefault(one.conversation, {})[one.leg] = one
        return saved

    def _send_out(self, one: Supervision) -> None:
        change(
            self._floor,
            lambda work: leave_call(work, one.conversation, one.agent, by_system=True),
        )

    def _drop(self, one: Supervision) -> None:
        self._no_ear(one)
        self._switch.hang_up(one.leg)
        self._view.ended(one.leg, End.HUNG_UP)
        self._beeps.forget(one)

    def _end_ear(self, one: Supervision) -> None:
        if one.ear:
            self._switch.hang_up(one.ear)
            self._view.ended(one.ear, End.HUNG_UP)

    def _no_ear(self, one: Supervision) -> None:
        self._end_ear(one)
        self._switch.drop_bridge(one.room)


def _kept(work: Work, one: Supervision) -> Supervision | None:
    there = work.supervisions.of(one.conversation)
    return next((kept for kept in there if kept.leg == one.leg), None)


def _picked_up(work: Work, one: Supervision) -> None:
    kept = _kept(work, one)
    if kept is not None and not kept.spoken:
        work.supervisions.save(replace(kept, spoken=True))
        tell_there(work, kept)
