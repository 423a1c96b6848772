"""Tells callers who wait where they stand, now and then, between the music."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from appliance.domain.queue import Queue
from appliance.domain.records import Conversation
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.flow import Prompt
from appliance.domain.telephony.policy import announcement
from appliance.services.telephony.walk import Walk
from appliance.services.waiting_places import Place
from common.clock import Clock


class Words(Protocol):
    """The texts of the interface."""

    def t(self, key: str, *, language: str | None = None, **values: object) -> str:
        """One of them."""
        ...


class Comfort:
    """See the module.

    Args:
        walk: what plays prompts.
        place: where a conversation stands; None: it does not wait.
        words: the texts.
        clock: when the next one is due.
    """

    def __init__(
        self, walk: Walk, place: Callable[[int], Place | None], words: Words, clock: Clock
    ) -> None:
        self._walk, self._place, self._words, self._clock = walk, place, words, clock
        self._due: dict[int, float] = {}

    def go(self, call: Call, conversation: Conversation, queue: Queue) -> None:
        """Say what is due; music follows when it was said. Raises GoneError."""
        policy = queue.phone
        if not policy.announce:
            return
        now = self._clock.monotonic()
        due = self._due.setdefault(conversation.id, now + policy.announce)
        place = self._place(conversation.id) if now >= due else None
        if place is None:
            return
        self._due[conversation.id] = now + policy.announce
        text = " ".join(
            self._words.t(f"phone.{name}", language=policy.language, **blanks)
            for name, blanks in announcement(policy, place.ahead, place.wait)
        )
        self._walk.say(call.channel, [Prompt(text, policy.language)])

    def drop(self, conversation: int) -> None:
        """The call is over."""
        self._due.pop(conversation, None)
