"""Tells callers who wait where they stand, between the music, and hears their keys."""

from __future__ import annotations

from collections.abc import Callable

from appliance.domain.queue import Queue
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.flow import Prompt
from appliance.domain.telephony.policy import announcement
from appliance.services.telephony.ask_back import AskBack
from appliance.services.telephony.sayer import Sayer, Words
from appliance.services.telephony.view import View
from appliance.services.waiting_places import Place
from common.clock import Clock


class Comfort:
    """See the module.

    Args:
        view: tells keys.
        sayer: speaks.
        ask: talks about callbacks.
        place: where a conversation stands; None: it does not wait.
        words: the texts.
        clock: when the next one is due.
    """

    def __init__(
        self, view: View, sayer: Sayer, ask: AskBack, place: Callable[[int], Place | None],
        words: Words, clock: Clock,
    ) -> None:  # fmt: skip
        self._view, self._sayer, self._ask = view, sayer, ask
        self._place, self._words, self._clock = place, words, clock
        self._due: dict[int, float] = {}

    def go(self, call: Call, queue: Queue, *, music: bool) -> bool:
        """Do what is due; whether to look again. Raises GoneError.

        ``music``: the caller hears it, so that something can be said between.
        """
        if self._ask.goes_on(call.conversation):
            return self._ask.go(call) is not None
        while self._ask.possible and (key := self._view.key(call.channel)):
            if key == queue.phone.callback:
                self._sayer.hush(call.channel)
                self._ask.begin(call, queue.phone.language)
                return True
        if music:
            self._announce(call, queue)
        return False

    def _announce(self, call: Call, queue: Queue) -> None:
        policy, conversation = queue.phone, call.conversation
        if not policy.announce:
            return
        now = self._clock.monotonic()
        due = self._due.setdefault(conversation, now + policy.announce)
        place = self._place(conversation) if now >= due else None
        if place is None:
            return
        self._due[conversation] = now + policy.announce
        told = announcement(policy, place.ahead, place.wait, callback=self._ask.possible)
        text = " ".join(
            self._words.t(f"phone.{name}", language=policy.language, **blanks)
            for name, blanks in told
        )
        self._sayer.say(call.channel, [Prompt(text, policy.language)])

    def drop(self, conversation: int) -> None:
        """The call is over."""
        self._due.pop(conversation, None)
