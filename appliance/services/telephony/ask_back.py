"""Talks with callers by keys about being called back; see `appliance.domain.telephony.callback`.

Where a talk is stands in memory alone: after a crash a caller who waits hears music again, and one
in a flow is asked anew.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.telephony import callback
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.callback import Asking, Stage
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.flow import Prompt
from appliance.domain.telephony.provider import End, TelephonyProvider
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.outgoing import ask_back
from appliance.services.telephony.sayer import Sayer, Words
from appliance.services.telephony.view import View
from common.clock import Clock

_PATIENCE = 8.0  # seconds for a key, after what was said; typing takes longer between its keys


@dataclass
class _Talk:
    """``until`` is when patience ends; None: it is still spoken."""

    asking: Asking
    language: str
    playback: str = ""
    until: float | None = None


class AskBack:
    """See the module.

    Args:
        floor: the core.
        switch: ends the call of who is called back.
        view: tells keys, and what was played.
        sayer: speaks.
        words: the texts.
        rules: which numbers may be called.
        clock: for patience.
        again: asks to look at a conversation again after so many seconds.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        view: View,
        sayer: Sayer,
        words: Words,
        rules: Dialling,
        clock: Clock,
        again: Callable[[int, float], None],
    ) -> None:
        self._floor, self._switch, self._view, self._sayer = floor, switch, view, sayer
        self._words, self._rules, self._clock, self._again = words, rules, clock, again
        self._talks: dict[int, _Talk] = {}
        self._leaving: dict[int, str] = {}

    @property
    def possible(self) -> bool:
        """Whether anybody can be called back."""
        return self._rules.possible

    def goes_on(self, conversation: int) -> bool:
        """Whether a talk with this caller goes on."""
        return conversation in self._talks

    def begin(self, call: Call, language: str) -> None:
        """Ask. Raises GoneError."""
        own = self._view.number_of(call.channel)
        talk = self._talks[call.conversation] = _Talk(
            callback.begin(own, self._rules.allows), language
        )
        self._say(call, talk)

    def go(self, call: Call, queue: int | None = None) -> bool | None:
        """Do what is due: whether the talk is over; None: it is not.

        True: the place is kept, and the caller is told goodbye; False: they do not want it.
        ``queue``: see `ask_back`. Raises GoneError.
        """
        talk = self._talks[call.conversation]
        while not talk.asking.over:
            before = talk.asking
            key = self._view.key(call.channel)
            if key:
                talk.asking = callback.pressed(before, key, self._rules.allows)
            elif not self._patient(call, talk):
                talk.asking = callback.silent(before)
            else:
                return None
            self._listen_on(call, talk, before)
        del self._talks[call.conversation]
        self._sayer.hush(call.channel)
        if talk.asking.stage is Stage.BACK:
            return False
        number = self._rules.judge(talk.asking.number)
        change(self._floor, lambda work: ask_back(work, call, number, queue))
        return True

    def drop(self, conversation: int) -> None:
        """The caller is out of it."""
        self._talks.pop(conversation, None)
        self._leaving.pop(conversation, None)

    def part(self, call: Call, language: str) -> bool:
        """Tell the caller who asked goodbye; whether they are gone."""
        channel = call.asked_by
        if not self._view.there(channel):
            return True
        self._view.owns(channel, call.conversation)
        if call.conversation not in self._leaving:
            text = self._words.t("phone.callback.taken", language=language)
            self._leaving[call.conversation] = self._sayer.say(channel, [Prompt(text, language)])
        if self._view.playing(channel):
            return False
        self._switch.hang_up(channel)
        self._view.ended(channel, End.HUNG_UP)
        self._leaving.pop(call.conversation, None)
        return True

    def _listen_on(self, call: Call, talk: _Talk, before: Asking) -> None:
        if talk.asking.over:
            return
        typing = talk.asking.stage is before.stage is Stage.TYPING
        if typing and talk.asking.asked == before.asked:
            self._sayer.hush(call.channel)
            self._wait(call, talk)
        else:
            self._say(call, talk)

    def _say(self, call: Call, talk: _Talk) -> None:
        self._sayer.hush(call.channel)
        text = self._words.t(
            f"phone.callback.{callback.says(talk.asking)}", language=talk.language, number="\0"
        )
        prompts = [Prompt(one, talk.language) for one in _spoken(text, talk.asking.number)]
        talk.playback, talk.until = self._sayer.say(call.channel, prompts), None

    def _patient(self, call: Call, talk: _Talk) -> bool:
        if talk.until is None:
            if talk.playback and self._view.playing(call.channel) == talk.playback:
                return True
            self._wait(call, talk)
        return self._clock.monotonic() < (talk.until or 0.0)

    def _wait(self, call: Call, talk: _Talk) -> None:
        talk.until = self._clock.monotonic() + _PATIENCE
        self._again(call.conversation, _PATIENCE)


def _spoken(text: str, number: str) -> list[str]:
    """The text with the number in its gap, sign by sign: so few recordings say every number."""
    before, gap, after = text.partition("\0")
    if not gap:
        return [text]
    signs = [one for one in number if one.isdigit()]
    return [one for one in (before, *signs, after) if one.strip(" .。,，")]
