"""Brings the switch and the core together, call by call, until nothing is left to be done.

Whatever happens at either end only says *which* call to look at; what is to be done follows from
how both are (`settle`). Each call is worked on by one thread at
a time, many calls at once, so that their commits are shared.

After a crash, or when the switch was not reached for a while, everything is looked at: calls that
are known go on, callers that nobody knows yet are taken, and what belongs to no call is ended.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from appliance.domain.telephony.call import Call
from appliance.domain.telephony.phones import Phones
from appliance.domain.telephony.provider import (
    Answered,
    Arrived,
    Channel,
    Connected,
    Ended,
    Lost,
    Played,
    Pressed,
    Recorded,
    SwitchEvent,
    TelephonyProvider,
)
from appliance.domain.telephony.recording import What
from appliance.domain.work import Floor, Work
from appliance.services.telephony.front_desk import FrontDesk
from appliance.services.telephony.later import Later
from appliance.services.telephony.one_at_a_time import OneAtATime
from appliance.services.telephony.sayer import Sayer
from appliance.services.telephony.settle import Settle
from appliance.services.telephony.silence import Silence
from appliance.services.telephony.sweep import Sweep
from appliance.services.telephony.take_call import take_call
from appliance.services.telephony.tape import Tape
from appliance.services.telephony.view import View
from common.logs import get_logger

log = get_logger(__name__)


class Calls:
    """See the module.

    Args:
        floor: the core.
        switch: not started.
        phones: who has which phone, and which number leads where.
        desk: what callers go through and hear.
        silence: tells the core whether the switch answers.
        program: which program the switch is at this moment; another one has none of the calls;
            None: it is not known.
        threads: so many calls are worked on at the same time; each waits, for the most part.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        phones: Phones,
        desk: FrontDesk,
        silence: Silence,
        *,
        program: Callable[[], object] = lambda: None,
        threads: int = 32,
    ) -> None:
        self._program, self._last_program = program, program()
        self._floor, self._switch, self._phones = floor, switch, phones
        self._flows, self._clock = desk.flows, desk.clock
        self._view = View()
        self._later = Later("calls-later")
        self._works = OneAtATime(threads)
        self._tape = Tape(switch, desk.shelf, self._recorded_soon)
        sayer = Sayer(switch, self._view, desk.speech)
        self._settle = Settle(
            floor, switch, phones, desk, self._view, sayer, self._tape, self._works,
            self._look_again,
        )  # fmt: skip
        self._sweep = Sweep(
            floor, switch, self._view, self._tape, sayer, self._settle.supervisors,
            self._take_soon, self.changed,
        )  # fmt: skip
        self._unkept: set[str] = set()  # recordings whose end was told
        self._lost_seconds = desk.lost_seconds
        self._lost_since: float | None = desk.clock.monotonic()  # None: it is reached
        self._silence, self._leaving = silence, False

    def start(self) -> None:
        """Reach the switch, and go on with what is there."""
        self._works.start()
        self._switch.start(self._told)

    def stop(self) -> None:
        """Let go; the calls go on."""
        self._leaving = True
        self._switch.stop()
        self._later.stop()
        self._works.stop()

    def changed(self, conversation: int) -> None:
        """Something happened to it in the core."""
        self._works.soon(conversation, lambda: self._settle.settle(conversation))

    def _look_again(self, conversation: int, seconds: float) -> None:
        self._later.after(seconds, lambda: self.changed(conversation))

    def look(self) -> None:
        """Look at all calls: for what nobody told."""
        since = self._lost_since
        if since is not None:
            self._tell_silence()
            if self._clock.monotonic() - since >= self._lost_seconds:
                self.switch_has_ended()
        going_on = {one.conversation for one in self._floor.read(_going_on)}
        for conversation in going_on:
            self.changed(conversation)
        ended = [] if since is None else self._tape.whole(going_on, self._clock.monotonic())
        for name in (*self._unkept, *ended):
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
                self._tell_silence()
                self._see_program()
                self._works.soon("sweep", self._sweep.everything)
            case Lost():
                self._lost_since = self._clock.monotonic()
                self._tell_silence()
                self._view.forget()
            case Arrived(channel):
                self._view.arrived(channel)
                self._take_soon(channel)
            case Answered(leg, phone):
                self._view.answered(leg, phone)
                self._of_channel(leg)
            case Ended(gone, why):
                if self._view.ended(gone, why):
                    self._of_channel(gone)
            case Played(playback):
                heard = self._view.played(playback)
                if heard is not None:
                    self._of_channel(heard)
            case Recorded(name, _whole):
                self._recorded_soon(name)
            case Pressed(channel, key):
                self._view.pressed(channel, key)
                self._of_channel(channel)
            case _:
                pass

    def _tell_silence(self) -> None:
        """As it is when it is told; that we let go of the switch is no silence of it."""
        if not self._leaving:
            tell = lambda: self._silence.tell(silent=self._lost_since is not None)  # noqa: E731
            self._works.soon("silence", tell)

    def _see_program(self) -> None:
        now = self._program()
        if now is None:  # it is not known
            return
        if self._last_program not in {None, now}:
            self._view.another = True
        self._last_program = now

    def _of_channel(self, channel: str) -> None:
        conversation = self._view.conversation_of(channel)
        if conversation is not None:
            self.changed(conversation)

    def _recorded_soon(self, name: str) -> None:
        self._works.soon(name, lambda: self._recorded(name))

    def _recorded(self, name: str) -> None:
        """A recording is over: a talk is kept; a voicemail is its call's next step."""
        found = self._tape.unfinished().get(name)
        if found is None:
            self._unkept.discard(name)
            return
        if found.what is What.CALL:
            self._unkept.add(name)  # the disk may be full: then the next look tries it again
            self._tape.keep(found)
            self._unkept.discard(name)
        else:
            self._view.left_message(found.conversation)
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
        with self._works.looks_after() as mine:

            def taken(work: Work) -> Call:
                call = take_call(work, channel, number.queue, running, there=there)
                mine(call.conversation)
                return call

            call = self._floor.write(taken)
            self._view.belongs(call)
        self.changed(call.conversation)


def _going_on(work: Work) -> list[Call]:
    return list(work.calls.going_on())
