"""Colleagues in a call: their phones ring when they are asked in, and they meet in its room.

Who takes part is decided in the core (`appliance.domain.participants`), as in any conversation;
the switch follows. Where the caller is decides what it is:

======== ==========================================================================================
state    with a colleague in the room
======== ==========================================================================================
held     a consultation: the caller hears music; the agent may hand the call over to the colleague
active   a conference of three or more
======== ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.domain.telephony.call import Leg


@dataclass(frozen=True)
class Guest:
    """A phone that is in a call beside its agent's.

    Attributes:
        conversation: the call's.
        agent: whose phone it is.
        leg: its channel; kept before it rings.
        spoken: it was picked up.
    """

    conversation: int
    agent: int
    leg: str
    spoken: bool = False


class GuestStep(StrEnum):
    """One thing to be done about one colleague."""

    RING = "ring"
    JOIN = "join"
    DROP = "drop"  # the phone is hung up, and forgotten
    SEND_OUT = "send_out"  # in the core: they take no part any more


def next_guest_step(*, wanted: bool, leg: Leg, joined: bool) -> GuestStep | None:
    """The next step for one colleague; None: all is as it should be.

    Args:
        wanted: they take part, and the call is spoken in.
        leg: their phone.
        joined: it is in the call's room.
    """
    if not wanted:
        return None if leg is Leg.NONE else GuestStep.DROP
    if leg is Leg.NONE:
        return GuestStep.RING
    if leg is Leg.GONE:
        return GuestStep.SEND_OUT
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
