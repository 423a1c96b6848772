"""What a call needs of a switch, whichever it is; a fake and Asterisk's ARI implement it.

The switch knows **channels** (one leg of a call: a caller, a desk phone) and **bridges** (a room in
which channels hear each other). Ids are ours where we make something, so that after a crash nothing
is made twice and everything is recognised.

Three rules hold for every method, and the contract suite proves them on each implementation:

- what is gone is gone: ending what does not exist does nothing; anything else with it raises
  `GoneError`;
- what it refuses for another reason raises `RemoteError`;
- when the switch is not reached `NetworkError` is raised, and it is not known whether it was done:
  whoever asked looks afresh after `Connected`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class GoneError(LookupError):
    """The channel or bridge is not there any more."""


class End(StrEnum):
    """Why a channel ended."""

    HUNG_UP = "hung_up"  # after it was up, or its caller gave up
    BUSY = "busy"  # busy, or declined by hand
    NO_ANSWER = "no_answer"
    CONGESTED = "congested"  # a line or an exchange on the way has no room just now
    NO_NUMBER = "no_number"  # nobody has this number
    UNREACHABLE = "unreachable"  # no phone is signed in, or it cannot be reached
    FAILED = "failed"


class HeardBy(StrEnum):
    """Who hears what an ear says; see `TelephonyProvider.lend_ear`."""

    NOBODY = "nobody"
    PHONE = "phone"  # the phone at which it is
    ALL = "all"  # that phone, and whom it speaks with


@dataclass(frozen=True)
class Channel:
    """One leg.

    Attributes:
        up: whether it was answered.
        caller: the number it came from; empty: withheld, or it is a leg of ours.
        called: the number that was called; empty for legs of ours.
        phone: the name in SIP of the phone or trunk that it leads to; empty: none.
    """

    id: str
    up: bool
    caller: str = ""
    called: str = ""
    phone: str = ""


@dataclass(frozen=True)
class Bridge:
    """A room and who is in it."""

    id: str
    channels: frozenset[str]


@dataclass(frozen=True)
class Connected:
    """The switch is reached (again): what happened before may have been missed."""


@dataclass(frozen=True)
class Lost:
    """The switch is not reached any more; calls go on without us."""


@dataclass(frozen=True)
class Arrived:
    """Somebody calls from outside; not answered yet."""

    channel: Channel


@dataclass(frozen=True)
class Answered:
    """A leg of ours was answered; ``phone`` as in `Channel`."""

    channel: str
    phone: str = ""


@dataclass(frozen=True)
class Ended:
    """A channel is gone."""

    channel: str
    why: End


@dataclass(frozen=True)
class Played:
    """A playback is over, whether it came to its end or was stopped."""

    playback: str


@dataclass(frozen=True)
class Recorded:
    """A recording is over; ``whole`` is false when it failed."""

    name: str
    whole: bool


@dataclass(frozen=True)
class Pressed:
    """Somebody pressed a key: 0 to 9, * or #."""

    channel: str
    key: str


SwitchEvent = Connected | Lost | Arrived | Answered | Ended | Played | Recorded | Pressed
Told = Callable[[SwitchEvent], None]


class TelephonyProvider(Protocol):
    """A switch. Methods may be called from any thread; they wait for the switch's answer."""

    def start(self, told: Told) -> None:
        """Begin; ``told`` gets every event, in order, from one thread, and must be quick."""
        ...

    def stop(self) -> None:
        """Let go of the switch; its calls go on."""
        ...

    def channels(self) -> Sequence[Channel]:
        """Those that are ours to handle."""
        ...

    def bridges(self) -> Sequence[Bridge]:
        """All of ours."""
        ...

    def answer(self, channel: str) -> None:
        """Pick up. Raises GoneError."""
        ...

    def hang_up(self, channel: str) -> None:
        """End it; one that rings stops ringing."""
        ...

    def call(
        self, leg: str, phones: Sequence[str], caller: str, seconds: int, *, at_once: bool = False
    ) -> None:
        """Let a phone ring as the channel ``leg``; `Answered` or `Ended` follows.

        One that exists already goes on ringing.

        Args:
            leg: the new channel's id.
            phones: their names in SIP; the first that is signed in rings.
            caller: the number that the phone shows.
            seconds: how long it rings.
            at_once: its owner has asked for it: it may pick up by itself.
        """
        ...

    def dial(self, leg: str, number: str, caller: str, seconds: int) -> None:
        """Call a number outside as the channel ``leg``; `Answered` or `Ended` follows.

        One that exists already goes on ringing.

        Args:
            leg: the new channel's id.
            number: as the trunk takes it.
            caller: the number that they see.
            seconds: how long it rings.
        """
        ...

    def ring(self, channel: str, on: bool) -> None:
        """Let it hear that it rings elsewhere, or no more. Raises GoneError."""
        ...

    def music(self, channel: str, on: bool) -> None:
        """Let it hear music, or no more. Raises GoneError."""
        ...

    def drop_bridge(self, bridge: str) -> None:
        """Its channels stay, and hear nothing."""
        ...

    def join(self, bridge: str, *channels: str) -> None:
        """Into the room, out of any other; music ends. Raises GoneError: nobody came in.

        A room that is not there is made.
        """
        ...

    def leave(self, bridge: str, channel: str) -> None:
        """Out of the room; whoever is not in it is not there anyway."""
        ...

    def silence(self, bridge: str, on: bool) -> None:
        """Let silence be heard in the room, or no more. Raises GoneError if ``on``.

        A phone that is alone in a room is sent nothing, and what an ear says to it is mixed into
        what it is sent.
        """
        ...

    def mute(self, channel: str, on: bool) -> None:
        """Let nobody hear it, or hear it again; it hears as before. Raises GoneError."""
        ...

    def play(self, channel: str, media: Sequence[str], playback: str) -> None:
        """Let it hear ``media`` once, one after the other, as one playback. Raises GoneError.

        A channel that hears something cannot be moved before that ended, or was stopped.

        Args:
            channel: who hears it; no music, meanwhile.
            media: names of the switch's own sounds, or files: the whole path, without its ending.
            playback: the id; `Played` names it.
        """
        ...

    def stop_playing(self, playback: str) -> bool:
        """No more of it; whether it was still to be heard."""
        ...

    def lend_ear(self, ear: str, channel: str, *, hears: bool, heard_by: HeardBy) -> None:
        """A new channel ``ear`` at another one; `Answered` follows. Raises GoneError.

        It ends with that channel. One that exists already stays as it is.

        Args:
            ear: the new channel's id.
            channel: at which it is; up.
            hears: whether it hears what both sides say there.
            heard_by: who hears what is said or played to the ear.
        """
        ...

    def record(self, bridge: str, name: str) -> None:
        """Record what is heard in the room as ``name``. Raises GoneError."""
        ...

    def record_caller(self, channel: str, name: str, seconds: int, silence: int) -> None:
        """Record one channel as ``name``, after a tone. Raises GoneError.

        It ends after ``seconds``, after ``silence`` seconds without a sound, by the key #, or when
        the channel ends; `Recorded` follows.
        """
        ...

    def pause_recording(self, name: str, on: bool) -> None:
        """Leave out what is said from now on (``on``), or go on recording. Raises GoneError."""
        ...

    def stop_recording(self, name: str) -> bool:
        """Keep what was recorded; whether it went on: then `Recorded` follows."""
        ...
