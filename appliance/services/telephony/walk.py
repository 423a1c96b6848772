"""Lets a caller hear and do what the flow says, step by step.

Where a caller is stands in the table of calls, and changes in one transaction with what follows
from it. What is heard at the moment is in memory alone: after a crash the step begins anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from appliance.domain.conversation import Event, State
from appliance.domain.queue import Entry
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.flow import At, Flow, Heard, Kind, Running, Step, after
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.domain.telephony.recording import Stage
from appliance.domain.work import Floor, Work
from appliance.services.arrive import give_place, open_queue
from appliance.services.keep_moving import change
from appliance.services.moves import SYSTEM, by_contact, move
from appliance.services.telephony.ask_back import AskBack
from appliance.services.telephony.sayer import Sayer
from appliance.services.telephony.tape import Tape
from appliance.services.telephony.view import View
from common.clock import Clock

BECAUSE_ENDED = "ended"
VOICEMAIL = "voicemail"  # the channel's name in conversations and reports
_LEAST_MESSAGE = 1.0  # seconds; less is a caller who has hung up
_WRITES_SECONDS = 3.0  # so long the switch may take to end a file


@dataclass
class _Stand:
    """Where one caller stands: ``until`` is when a menu's patience ends."""

    at: At
    playback: str = ""
    until: float | None = None


def is_open(work: Work) -> Callable[[int], bool]:
    """Whether a queue is open at the moment of the transaction."""
    return lambda queue: work.queue(queue).hours.open_at(work.now)


class Walk:
    """Walks with every caller who is in a flow.

    Args:
        floor: the core.
        switch: ends calls.
        view: tells what was played and which keys were pressed.
        sayer: what is heard.
        ask: talks about callbacks.
        running: a version of a flow, by its id.
        tape: takes voicemails.
        clock: for a menu's patience.
        again: asks to look at a conversation again after so many seconds.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        view: View,
        sayer: Sayer,
        ask: AskBack,
        running: Callable[[int], Running | None],
        tape: Tape,
        clock: Clock,
        again: Callable[[int, float], None],
    ) -> None:
        self._floor, self._switch, self._view = floor, switch, view
        self._sayer, self._ask, self._running = sayer, ask, running
        self._clock, self._again = clock, again
        self._stands: dict[int, _Stand] = {}
        self._tape = tape

    def go(self, call: Call) -> bool:
        """Do what is to be done now; whether it led on. Raises GoneError."""
        running = None if call.version is None else self._running(call.version)
        if running is None:
            raise LookupError(f"call {call.conversation} goes through a flow that is gone")
        at = At(call.step, call.tries)
        step = running.flow.steps[at.step]
        if step.kind is Kind.CALLBACK:
            return self._call_back(call, running.flow, step)
        stand = self._stands.get(call.conversation)
        if stand is None or stand.at != at:
            stand = self._stands[call.conversation] = _Stand(at)
            if step.say and not (step.kind is Kind.VOICEMAIL and self._tape.message(call)):
                stand.playback = self._sayer.say(call.channel, step.say)
        what = self._what(call, step, stand)
        if not what:
            return False
        if step.kind is Kind.VOICEMAIL:
            self._keep_message(call, step)
            return True
        self._sayer.hush(call.channel)
        change(self._floor, lambda work: _lead_on(work, call, running.flow, step, what))
        return True

    def _call_back(self, call: Call, flow: Flow, step: Step) -> bool:
        wanted: bool | None = False
        if self._ask.possible:
            if not self._ask.goes_on(call.conversation):
                queue = self._floor.read(lambda work: work.queue(step.queue))
                self._ask.begin(call, queue.phone.language)
            wanted = self._ask.go(call, step.queue)
        if wanted is False:
            change(self._floor, lambda work: _lead_on(work, call, flow, step, Heard.SILENCE))
        return wanted is not None

    def left_message(self, call: Call) -> bool | None:
        """The caller has hung up: whether a voicemail was left; None: it is not written yet."""
        message = self._tape.message(call)
        if message is None:
            return False
        stand = self._stands.setdefault(call.conversation, _Stand(At(call.step, call.tries)))
        if not self._view.message_left(call.conversation):
            if stand.until is None:
                stand.until = self._clock.monotonic() + _WRITES_SECONDS
                self._again(call.conversation, _WRITES_SECONDS)
            if self._clock.monotonic() < stand.until:
                return None
        running = None if call.version is None else self._running(call.version)
        if running is None:
            return False
        return self._keep_message(call, running.flow.steps[call.step])

    def _keep_message(self, call: Call, step: Step) -> bool:
        """The voicemail is a conversation of its own kind from now on; whether there was one."""
        message = self._tape.message(call)
        kept = None if message is None else self._tape.keep(message)
        said = kept is not None and kept.stage is Stage.KEPT and kept.seconds >= _LEAST_MESSAGE
        there = self._view.caller(call).caller
        if there:
            self._switch.hang_up(call.channel)
        if said or there:
            change(self._floor, lambda work: _to_voicemail(work, call, step, said))
            self._view.drop(call)
            self.drop(call)
        return said

    def drop(self, call: Call) -> None:
        """The caller is out of it."""
        self._stands.pop(call.conversation, None)

    def _what(self, call: Call, step: Step, stand: _Stand) -> Heard | str:
        """What happened at the step; empty: nothing yet."""
        if step.kind is Kind.MENU:
            return self._view.key(call.channel) or self._patience(call, step, stand)
        if step.kind is Kind.VOICEMAIL:
            return self._spoken(call, stand)
        if stand.playback and self._view.playing(call.channel) == stand.playback:
            return ""
        return Heard.SAID

    def _spoken(self, call: Call, stand: _Stand) -> Heard | str:
        message = self._tape.message(call)
        if message is not None:
            return Heard.SAID if self._view.message_left(call.conversation) else ""
        if not (stand.playback and self._view.playing(call.channel) == stand.playback):
            self._tape.take_message(call)
        return ""

    def _patience(self, call: Call, step: Step, stand: _Stand) -> Heard | str:
        if stand.playback and self._view.playing(call.channel) == stand.playback:
            return ""
        if stand.until is None:
            stand.until = self._clock.monotonic() + step.seconds
            self._again(call.conversation, step.seconds)
        return Heard.SILENCE if self._clock.monotonic() >= stand.until else ""


def _lead_on(work: Work, call: Call, flow: Flow, step: Step, what: Heard | str) -> None:
    call = work.calls.of(call.conversation) or call
    if step.kind is Kind.QUEUE:
        _queue(work, call, flow, step)
    elif step.kind is Kind.TRANSFER:
        _transfer(work, call, step)
    else:
        _to(work, call, after(flow, At(call.step, call.tries), what, is_open(work)), what)


def _queue(work: Work, call: Call, flow: Flow, step: Step) -> None:
    queue, entry = open_queue(work, work.queue(step.queue))
    if entry is not Entry.TAKEN:
        at = after(flow, At(call.step, call.tries), Heard.REFUSED, is_open(work))
        _to(work, call, at, Heard.REFUSED, because=str(entry), queue=queue.id)
        return
    work.calls.save(replace(call, step="", tries=0))
    give_place(work, work.conversation(call.conversation), step.queue, leaves_message=False)


def _to_voicemail(work: Work, call: Call, step: Step, said: bool) -> None:
    """It waits for the next free agent, in hours or out of them; without a word it is none."""
    found = work.calls.of(call.conversation) or call
    conversation = work.conversation(call.conversation)
    if found.over or conversation.state is not State.NEW:
        return
    work.calls.save(replace(found, step="", tries=0, over=True))
    if not said:
        move(
            work, conversation, Event.LEAVE, by_contact(conversation.contact), ended_at=work.now,
        )  # fmt: skip
        return
    left = replace(conversation, channel=VOICEMAIL)
    work.save(left)
    give_place(work, left, step.queue, leaves_message=True)


def _transfer(work: Work, call: Call, step: Step) -> None:
    work.calls.save(replace(call, step="", tries=0))
    move(
        work, work.conversation(call.conversation), Event.QUEUE, SYSTEM, queue=step.queue,
        only_agent=step.agent, waiting_since=work.now, declined=frozenset(),
    )  # fmt: skip


def _to(
    work: Work, call: Call, at: At | None, what: Heard | str,
    *, because: str = BECAUSE_ENDED, queue: int | None = None,
) -> None:  # fmt: skip
    conversation = work.conversation(call.conversation)
    if at is None:
        work.calls.save(replace(call, step="", tries=0))
        move(
            work, replace(conversation, queue=queue or conversation.queue), Event.REFUSE, SYSTEM,
            ended_at=work.now, data={"because": because},
        )  # fmt: skip
        return
    work.calls.save(replace(call, step=at.step, tries=at.tries))
    work.tell(
        "conversation.step", who=by_contact(conversation.contact), conversation=conversation.id,
        data={"step": at.step, "heard": str(what)},
    )  # fmt: skip
