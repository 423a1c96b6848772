"""Brings the switch and the core together, call by call, until nothing is left to be done.

Whatever happens at either end only says *which* call to look at; what is to be done follows from
how both are (`appliance.domain.telephony.call.next_step`). Each call is worked on by one thread at
a time, many calls at once, so that their commits are shared.

After a crash, or when the switch was not reached for a while, everything is looked at: calls that
are known go on, callers that nobody knows yet are taken, and what belongs to no call is ended.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

from appliance.domain.conversation import ENDED, SPOKEN_IN, State
from appliance.domain.kept_calls import CallNow
from appliance.domain.telephony.call import Call, Line, Step, next_step
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.flow import Flows
from appliance.domain.telephony.onward import next_onward_step
from appliance.domain.telephony.phones import Phones
from appliance.domain.telephony.provider import (
    Answered,
    Arrived,
    Channel,
    Connected,
    Ended,
    GoneError,
    Lost,
    Played,
    Pressed,
    Recorded,
    SwitchEvent,
    TelephonyProvider,
)
from appliance.domain.telephony.recording import What
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
from appliance.services.telephony.guests import GuestLegs
from appliance.services.telephony.later import Later
from appliance.services.telephony.mute import MutedPhones
from appliance.services.telephony.one_at_a_time import OneAtATime
from appliance.services.telephony.privacy import private_no_more
from appliance.services.telephony.ringer import Ringer
from appliance.services.telephony.sayer import Sayer, Speaks, Words
from appliance.services.telephony.steps import Steps
from appliance.services.telephony.supervisor_legs import SupervisorLegs
from appliance.services.telephony.sweep import Sweep
from appliance.services.telephony.take_call import take_call
from appliance.services.telephony.tape import Shelf, Tape
from appliance.services.telephony.view import View
from appliance.services.telephony.walk import Walk
from appliance.services.trouble import NotYoursError
from appliance.services.waiting_places import Place
from common.clock import Clock
from common.logs import get_logger

log = get_logger(__name__)

_MOST_STEPS = 50  # a call needs six in its whole life; more would be a circle
_OVER = frozenset({State.WRAP_UP, State.CLOSED, State.ABANDONED})
# The other end was quicker: look again.
_MEANWHILE = (IllegalTransitionError, NotYoursError, OfferGoneError, UnknownError)


@dataclass(frozen=True)
class FrontDesk:
    """What callers go through and hear before an agent speaks with them.

    Attributes:
        flows: those that are published.
        speech: makes prompts audible.
        place: where a conversation stands in its queue; None: it does not wait.
        words: texts for announcements.
        clock: for what is due.
        shelf: where recordings go.
        dialling: which numbers outside may be called.
        return_seconds: so long an agent whose page in the desk goes away in a call is waited for.
        lost_seconds: so long calls go on at a switch that is not reached.
    """

    flows: Flows
    speech: Speaks
    place: Callable[[int], Place | None]
    words: Words
    clock: Clock
    shelf: Shelf
    dialling: Dialling = Dialling()
    return_seconds: float = 20.0
    lost_seconds: float = 120.0


class Calls:
    """See the module.

    Args:
        floor: the core.
        switch: not started.
        phones: who has which phone, and which number leads where.
        desk: what callers go through and hear.
        threads: so many calls are worked on at the same time; each waits, for the most part.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        phones: Phones,
        desk: FrontDesk,
        *,
        threads: int = 32,
    ) -> None:
        self._floor, self._switch, self._phones = floor, switch, phones
        self._view = View()
        self._ringer = ringer = Ringer(switch, phones, self._view, desk.dialling)
        self._guests = GuestLegs(floor, switch, ringer, self._view)
        self._flows, self._clock, self._dialling = desk.flows, desk.clock, desk.dialling
        self._later = Later("calls-later")
        self._supervisors = SupervisorLegs(
            floor, switch, ringer, self._view, desk.clock, self._look_again
        )
        self._mutes = MutedPhones(floor, switch, self._view)
        self._tape = Tape(switch, desk.shelf)
        self._sayer = sayer = Sayer(switch, self._view, desk.speech)
        self._ask = AskBack(
            floor,
            switch,
            self._view,
            sayer,
            desk.words,
            desk.dialling,
            desk.clock,
            self._look_again,
        )
        self._walk = Walk(
            floor, switch, self._view, sayer, self._ask, desk.flows.running,
            self._tape, desk.clock, self._look_again,
        )  # fmt: skip
        self._comfort = Comfort(
            self._view, sayer, self._ask, desk.place, desk.words, desk.clock
        )  # fmt: skip
        self._come_back = ComeBack(
            self._view, desk.clock, desk.return_seconds, self._look_again
        )  # fmt: skip
        self._dialler = Dialler(floor, switch, ringer, self._view, desk.dialling)
        self._steps = Steps(
            floor, switch, self._view, ringer, sayer, self._dialler, self._come_back
        )  # fmt: skip
        self._sweep = Sweep(
            floor, switch, self._view, self._tape, sayer, self._supervisors,
            self._take_soon, self.changed,
        )  # fmt: skip
        self._works = OneAtATime(threads)
        self._unkept: set[str] = set()  # recordings whose end was told
        self._lost_seconds = desk.lost_seconds
        self._lost_since: float | None = desk.clock.monotonic()  # None: it is reached

    def start(self) -> None:
        """Reach the switch, and go on with what is there."""
        self._works.start()
        self._switch.start(self._told)

    def stop(self) -> None:
        """Let go; the calls go on."""
        self._switch.stop()
        self._later.stop()
        self._works.stop()

    def changed(self, conversation: int) -> None:
        """Something happened to it in the core."""
        self._works.soon(conversation, lambda: self._settle(conversation))

    def _look_again(self, conversation: int, seconds: float) -> None:
        self._later.after(seconds, lambda: self.changed(conversation))

    def look(self) -> None:
        """Look at all calls: for what nobody told."""
        since = self._lost_since
        if since is not None and self._clock.monotonic() - since >= self._lost_seconds:
            self.switch_has_ended()
        for call in self._floor.read(lambda work: work.calls.going_on()):
            self.changed(call.conversation)
        for name in tuple(self._unkept):
            self._recorded_soon(name)

    def switch_has_ended(self) -> None:
        """Its program is gone, or it was not reached for too long: so are its calls."""
        if self._view.nothing_there():
            log.warning("calls.switch_has_ended")
            self.look()

    # From the switch's thread: quick.

    def _told(self, event: SwitchEvent) -> None:
        match event:
            case Connected():
                self._lost_since = None
                self._works.soon("sweep", self._sweep.everything)
            case Lost():
                self._lost_since = self._clock.monotonic()
                self._view.forget()
            case Arrived(channel):
                self._view.arrived(channel)
                self._take_soon(channel)
            case Answered(leg, phone):
                self._view.answered(leg, phone)
                self._of_channel(leg)
            case Ended(gone, why):
                self._view.ended(gone, why)
                self._of_channel(gone)
            case Played(playback):
                heard = self._view.played(playback)
                if heard is not None:
                    self._of_channel(heard)
            case Recorded(name, _whole):
                self._view.was_recorded(name)
                self._recorded_soon(name)
            case Pressed(channel, key):
                self._view.pressed(channel, key)
                self._of_channel(channel)
            case _:
                pass

    def _of_channel(self, channel: str) -> None:
        conversation = self._view.conversation_of(channel)
        if conversation is not None:
            self.changed(conversation)

    def _recorded_soon(self, name: str) -> None:
        self._works.soon(name, lambda: self._recorded(name))

    def _recorded(self, name: str) -> None:
        """A recording is over: a talk is kept; a voicemail is its call's next step."""
        found = self._tape.unfinished().get(name)
        if found is not None and found.what is What.CALL:
            self._unkept.add(name)  # the disk may be full: then the next look tries it again
            self._tape.keep(found)
        self._unkept.discard(name)
        if found is None:
            return
        self.changed(found.conversation)

    def _take_soon(self, channel: Channel) -> None:
        self._works.soon(channel.id, partial(self._take, channel))

    def _take(self, channel: Channel) -> None:
        number = self._phones.number(channel.called)
        if number is None:
            log.warning("call.number_unknown", called=channel.called)
            self._switch.hang_up(channel.id)
            return
        running = None if number.flow is None else self._flows.published(number.flow)
        there = self._view.there(channel.id)
        call = change(
            self._floor,
            lambda work: take_call(work, channel, number.queue, running, there=there),
        )
        self._view.belongs(call)
        self.changed(call.conversation)

    def _settle(self, conversation: int) -> None:
        known: CallNow | None = None
        for _ in range(_MOST_STEPS):
            now, known = known or self._now(conversation), None
            if now is None or not self._view.fresh:
                return
            if self._supervisors.adopt(now.call, now.conversation):
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
        with self._works.looks_after(now.call.conversation):
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
        if (now.others or self._supervisors.remembers(now.call)) and (
            self._guests.settle(now.call, now.conversation, now.policy)
            or self._supervisors.settle(now.call, now.conversation, now.policy)
        ):
            return True
        self._mutes.settle(now)
        if self._private_no_more(now):
            return True
        self._supervisors.tones(now.call.conversation)
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
