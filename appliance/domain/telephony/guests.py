"""Guests in a call: colleagues, and numbers outside. They ring when asked in, and meet in its room.

Which colleague takes part is decided in the core (`appliance.domain.participants`), as in any
conversation; a number takes part as long as it is kept as a guest. The switch follows. Where the
caller is decides what it is:

======== ==========================================================================================
state    with a guest in the room
======== ==========================================================================================
held     a consultation: the caller hears music; the agent may hand the call over to the guest
active   a conference of three or more
======== ==========================================================================================

A number to which the call is transferred blindly is in no room with the agent: the caller hears
music until somebody answers there, and goes on with them (`appliance.domain.telephony.onward`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.domain.conversation import State
from appliance.domain.telephony.call import Leg


@dataclass(frozen=True)
class Guest:
    """A phone that is in a call beside its agent's.

    Attributes:
        conversation: the call's.
        agent: whose phone it is; None: a number outside.
        leg: its channel; kept before it rings.
        spoken: it was picked up.
        number: outside; empty: a colleague's phone.
        blind: the caller goes on with the number as soon as somebody answers there.
        leaving: a number that its agent has sent out.
    """

    conversation: int
    agent: int | None
    leg: str
    spoken: bool = False
    number: str = ""
    blind: bool = False
    leaving: bool = False

    def number_wanted(self, state: State) -> bool:
        """Whether a number takes part while the call is spoken in.

        Whoever brings the caller back has thought better of a blind transfer.
        """
        return not self.leaving and not (self.blind and state is not State.HELD)


class GuestStep(StrEnum):
    """One thing to be done about one guest."""

    RING = "ring"
    JOIN = "join"
    DROP = "drop"  # the phone is hung up, and forgotten
    SEND_OUT = "send_out"  # in the core: they take no part any more
    HAND_ON = "hand_on"  # in the core: the caller goes on with them, without the agent


def next_guest_step(
    *, wanted: bool, leg: Leg, joined: bool, blind: bool = False
) -> GuestStep | None:
    """The next step for one guest; None: all is as it should be.

    Args:
        wanted: they take part, and the call is spoken in.
        leg: their phone.
        joined: it is in the call's room.
        blind: see `Guest`.
    """
    if not wanted:
        return None if leg is Leg.NONE else GuestStep.DROP
    if leg is Leg.NONE:
        return GuestStep.RING
    if leg is Leg.GONE:
        return GuestStep.SEND_OUT
    if leg is Leg.UP and blind:
        return GuestStep.HAND_ON
    return GuestStep.JOIN if leg is Leg.UP and not joined else None


class KeptGuests(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Sequence[Guest]:
        """All of one call."""
        ...

    def legs(self) -> Sequence[Guest]:
        """All of all calls."""
        ...

    def save(self, guest: Guest) -> None:
        """Keep a new one, or replace what is kept."""
        ...

    def remove(self, guest: Guest) -> None:
        """It is in no call any more."""
        ...
