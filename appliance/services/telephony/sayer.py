"""Lets somebody at a telephone hear texts and recordings."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from appliance.domain.telephony.flow import Prompt
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.services.telephony.view import View

# What is stopped is told to be over a moment later; the next one must have another name by then.
_AT_ONCE = 3


class Speaks(Protocol):
    """Makes what is to be heard."""

    def media(self, prompt: Prompt) -> str | None:
        """The name that the switch plays; None: it cannot be heard."""
        ...


class Words(Protocol):
    """The texts of the interface."""

    def t(self, key: str, /, *, language: str | None = None, **values: object) -> str:
        """One of them."""
        ...


class Sayer:
    """See the module.

    Args:
        switch: plays.
        view: remembers what is played.
        speech: makes what is heard.
    """

    def __init__(self, switch: TelephonyProvider, view: View, speech: Speaks) -> None:
        self._switch, self._view, self._speech = switch, view, speech

    def say(self, channel: str, prompts: Sequence[Prompt]) -> str:
        """Play them; the playback's id, empty when nothing can be heard. Raises GoneError."""
        media = [name for name in map(self._speech.media, prompts) if name]
        if not media:
            return ""
        playback = _playback(channel, self._view.says(channel))
        self._switch.music(channel, on=False)
        self._view.plays(channel, playback)
        self._switch.play(channel, media, playback)
        return playback

    def adopt(self, channel: str) -> None:
        """What it hears was begun before a crash, and is known to nobody: it ends.

        Who hears something cannot be moved, so that it would keep an agent waiting.
        """
        for number in range(_AT_ONCE):
            if self._switch.stop_playing(_playback(channel, number)):
                self._view.says(channel, number)

    def hush(self, channel: str) -> None:
        """What is played ends."""
        playback = self._view.playing(channel)
        if playback:
            self._switch.stop_playing(playback)
            self._view.played(playback)


def _playback(channel: str, number: int) -> str:
    """The name by which it is found again after a crash."""
    return f"play-{channel}-{number % _AT_ONCE}"
