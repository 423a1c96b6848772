"""Brings one call to rest: until the switch has what the core says, and the core knows of it.

What is to be done follows from how both are (`appliance.domain.telephony.call.next_step`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from appliance.domain.conversation import ENDED, SPOKEN_IN, State
from appliance.domain.kept_calls import CallNow
from appliance.domain.telephony.call import Call, Line, Step, next_step
from appliance.domain.telephony.onward import next_onward_step
from appliance.domain.telephony.phones import Phones
from appliance.domain.telephony.provider import GoneError, TelephonyProvider
from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.work import BusyError, Floor, UnknownError
from appliance.services.answer_offer import OfferGoneError
from appliance.services.keep_moving import change
from appliance.services.telephony import numbers
from appliance.services.telephony.ask_back import AskBack
from appliance.services.telephony.come_back import ComeBack
from appliance.services.telephony.comfort import Comfort
from appliance.services.telephony.dialler import Dialler, without_asker
from appliance.services.telephony.follow_call import IN_THE_CORE, over, written_off
from appliance.services.telephony.front_desk import FrontDesk
from appliance.services.telephony.guests import GuestLegs
from appliance.services.telephony.mute import MutedPhones
from appliance.services.telephony.one_at_a_time import OneAtATime
from appliance.services.telephony.privacy import private_no_more
from appliance.services.telephony.ringer import Ringer
from appliance.services.telephony.sayer import Sayer
from appliance.services.telephony.steps import Steps
from appliance.services.telephony.supervisor_legs import SupervisorLegs
from appliance.services.telephony.tape import Tape
from appliance.services.telephony.view import View
from appliance.services.telephony.walk import Walk
from appliance.services.trouble import NotYoursError
from common.logs import get_logger

log = get_logger(__name__)

_MOST_STEPS = 50  # a call needs six in its whole life; more would be a circle
_OVER = frozenset({State.WRAP_UP, State.CLOSED, State.ABANDONED})
# The other end was quicker: look again.
_MEANWHILE = (IllegalTransitionError, NotYoursError, OfferGoneError, UnknownError)


class Settle:
    """See the module; each call is for one thread at a time.

    Args:
        floor: the core.
        switch: started by whoever has this.
        phones: who has which phone.
        desk: what callers go through and hear.
        view: what is known of the switch.
        sayer: plays to callers.
        tape: the recordings.
        works: whose threads call `settle`.
        look_again: settle a call once more, so many seconds from now.

    Attributes:
        supervisors: who listens in.
    """

    def __init__(
        self, floor: Floor, switch: TelephonyProvider, phones: Phones, desk: FrontDesk, view: View,
        sayer: Sayer, tape: Tape, works: OneAtATime, look_again: Callable[[int, float], None],
    ) -> None:  # fmt: skip
        self._floor, self._switch, self._view, self._tape = floor, switch, view, tape
        self._works, self._look_again = works, look_again
        self._clock, self._dialling = clock, rules = desk.clock, desk.dialling
        ringer = Ringer(switch, phones, view, rules)
        self._guests = GuestLegs(floor, switch, ringer, view)
        self.supervisors = SupervisorLegs(floor, switch, ringer, view, clock, look_again)
        self._mutes = MutedPhones(floor, switch, view)
        self._ask = ask = AskBack(
            floor, switch, view, sayer, desk.words, rules, clock, look_again
        )  # fmt: skip
        self._walk = Walk(
            floor, switch, view, sayer, ask, desk.flows.running, tape, clock, look_again
        )  # fmt: skip
        self._comfort = Comfort(view, sayer, ask, desk.place, desk.words, clock)
        self._come_back = ComeBack(view, clock, desk.return_seconds, look_again)
        self._dialler = Dialler(floor, switch, ringer, view, rules)
        self._steps = Steps(floor, switch, view, ringer, sayer, self._dialler, self._come_back)

    def settle(self, conversation: int) -> None:
        """Until there is nothing to be done about it."""
        known: CallNow | None = None
        for _ in range(_MOST_STEPS):
            now, known = known or self._now(conversation), None
            if now is None or not self._view.fresh:
                return
            if self.supervisors.adopt(now.call, now.conversation):
                continue
            line = self._line(now)
            if now.conversation.state is State.NEW and now.call.step and not line.caller:
                left = self._walk.left_message(now.call)
                if left is None or left:
                    return
            step = self._next(now, line)
            try:
                if step is None:
                    if self._written_off(now):
                        return
                    if self._settle_others(now) or self._lead_on(now, line):
                        continue
                    return
                known = self._do(step, now)
            except _MEANWHILE:
                continue
            except GoneError as error:
                log.info("call.gone", call=conversation, step=str(step), what=str(error))
                self._view.look(self._switch)
            except BusyError:
                return  # the look of every few seconds comes back to it
        log.error("call.in_a_circle", call=conversation)

    def _now(self, conversation: int) -> CallNow | None:
        return self._floor.read(lambda work: work.calls.now(conversation))

    def _do(self, step: Step, now: CallNow) -> CallNow | None:
        if step not in IN_THE_CORE:
            return self._steps.do(step, now)
        # What our own commit tells of is looked at without that.
        with self._works.looks_after() as mine:
            mine(now.call.conversation)
            return self._steps.do(step, now)

    def _private_no_more(self, now: CallNow) -> bool:
        """Let a pause of the recording end by itself; whether it did."""
        until = now.call.private_until
        if until is None:
            return False
        number = now.call.conversation
        left = (until - self._clock.now()).total_seconds()
        if left > 0 and now.conversation.state in SPOKEN_IN:
            self._look_again(number, left)
            return False
        if not change(self._floor, lambda work: private_no_more(work, number)):
            return False
        if now.conversation.state not in ENDED | {State.WRAP_UP}:  # else nothing is recorded on
            self._tape.goes_on(number)
        return True

    def _settle_others(self, now: CallNow) -> bool:
        """Colleagues and supervisors; whether to look again."""
        if now.call.outgoing:
            return False
        if (now.others or self.supervisors.remembers(now.call)) and (
            self._guests.settle(now.call, now.conversation, now.policy)
            or self.supervisors.settle(now.call, now.conversation, now.policy)
        ):
            return True
        self._mutes.settle(now)
        if self._private_no_more(now):
            return True
        self.supervisors.tones(now.call.conversation)
        return False

    def _next(self, now: CallNow, line: Line) -> Step | None:
        if now.call.outgoing:
            return self._dialler.next(now.call, now.conversation)
        if now.call.onward:
            return next_onward_step(
                line, self._view.leg_of(now.call.onward, spoken=True)[0],
                party_joined=bool(self._view.room_of(now.call.onward)),
                overdue=numbers.overdue(now.conversation, self._clock.now(), self._dialling),
            )  # fmt: skip
        step = next_step(now.conversation.state, now.conversation.agent, line)
        if step is Step.END_BY_AGENT and now.others and self._guests.transfers(now.call):
            return None  # the agent did not wait for the answer; the caller does
        return step

    def _lead_on(self, now: CallNow, line: Line) -> bool:
        """Both ends agree: go on with the flow, or comfort who waits; whether to look again."""
        state, queue = now.conversation.state, now.queue
        try:
            if now.call.asked_by and self._ask.part(now.call, now.policy.language):
                self._floor.write(lambda work: without_asker(work, now.call))
            if state is State.NEW and line.walking:
                return self._walk.go(now.call)
            if state not in {State.QUEUED, State.OFFERED} and not now.call.outgoing:
                self._ask.drop(now.call.conversation)
            wanted = line.joined and now.policy.record
            self._tape.follow(now.call, state, wanted)
            waits = state is State.QUEUED and not now.call.outgoing
            if waits and queue is not None and self._comfort.go(now.call, queue, music=line.music):
                return True
        except GoneError as error:
            log.info("call.gone", call=now.call.conversation, what=str(error))
        self._end_if_over(now, line)
        return False

    def _line(self, now: CallNow) -> Line:
        call = now.call
        leg, why = self._view.leg(call)
        back = self._come_back.of(call) if now.conversation.state in SPOKEN_IN else None
        return replace(
            self._view.caller(call),
            leg=leg,
            leg_agent=call.leg_agent,
            why=why,
            spoken=call.spoken,
            asked=self._ask.goes_on(call.conversation),
            back=back,
            # Not who listens from a room apart: the caller would be left in silence.
            company=back is not None and now.others and self._view.has_company(call),
            leg_joined=bool(self._view.room_of(call.leg)),
        )

    def _end_if_over(self, now: CallNow, line: Line) -> None:
        if now.conversation.state in _OVER and not line.caller and not now.call.over:
            self._switch.drop_bridge(now.call.bridge)
            self._floor.write(lambda work: over(work, now.call))
            self._drop(now.call)

    def _written_off(self, now: CallNow) -> bool:
        """Whether it was over at a switch that is lost, where nothing can be ended."""
        if not self._view.lost or now.conversation.state not in _OVER:
            return False
        change(self._floor, lambda work: written_off(work, now.call))
        self._drop(now.call)
        return True

    def _drop(self, call: Call) -> None:
        self._view.drop(call)
        self._walk.drop(call)
        self._comfort.drop(call.conversation)
        self._come_back.drop(call.conversation)
        self._mutes.drop(call.conversation)
        self._ask.drop(call.conversation)
