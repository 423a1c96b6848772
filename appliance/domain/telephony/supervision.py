"""Supervisors in calls: one ladder, from listening to whispering to joining, up and down.

======== =================================== =======================================================
rung     who hears the supervisor            at the switch
======== =================================== =======================================================
listen   nobody                              their phone in a room of its own, with an ear at the
                                             agent's phone that hears both sides
whisper  the agent alone                     the same, and the ear speaks into the agent's phone
join     everybody                           their phone in the call's own room
======== =================================== =======================================================

The core decides on which rung a supervisor is; the switch follows, step by step, as for calls
(`appliance.domain.telephony.call`). An ear belongs to one rung and one phone: on another rung, or
when somebody else has the call, there is another one. So nobody is heard by whom they should not
be because something was forgotten to be switched off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.domain.telephony.call import Leg

EAR = "ear-"  # how the channels of ears begin, and their rooms


class Rung(StrEnum):
    """How far up the ladder."""

    LISTEN = "listen"
    WHISPER = "whisper"
    JOIN = "join"


@dataclass(frozen=True)
class Supervision:
    """One supervisor in one call.

    Attributes:
        conversation: the call's.
        agent: the supervisor's user id.
        rung: where they want to be.
        leg: the channel of their phone; kept before it rings.
        spoken: it was picked up.
        ear: the channel that hears the agent's phone; empty: none. Kept before it is made.
        reached: the rung that the switch has confirmed; None: none, or it is on the way.
        refused: the rung that the switch refused last; None: none.
    """

    conversation: int
    agent: int
    rung: Rung
    leg: str
    spoken: bool = False
    ear: str = ""
    reached: Rung | None = None
    refused: Rung | None = None

    @property
    def room(self) -> str:
        """Where their phone and their ear are."""
        return EAR + self.leg


class Where(StrEnum):
    """Where the supervisor's phone is."""

    NOWHERE = "nowhere"
    APART = "apart"  # in the room with the ear
    CALL = "call"


class Ear(StrEnum):
    """The channel that hears the agent's phone."""

    NONE = "none"
    OTHER = "other"  # of another rung or phone, or it is gone
    COMING = "coming"
    UP = "up"
    HEARS = "hears"  # in the room with the supervisor's phone


class SupervisionStep(StrEnum):
    """One thing to be done about one supervisor."""

    RING = "ring"
    ASIDE = "aside"  # their phone into the room apart
    LEND_EAR = "lend_ear"  # a new ear; the one before ends first
    HEAR = "hear"  # the ear into the room apart
    JOIN = "join"
    NO_EAR = "no_ear"
    SEND_OUT = "send_out"  # in the core: their phone is gone


_BEFORE = {Leg.NONE: SupervisionStep.RING, Leg.GONE: SupervisionStep.SEND_OUT}


def ear_name(rung: Rung, leg: str, token: str) -> str:
    """The channel of an ear at the agent's phone ``leg``."""
    return f"{EAR}{rung}-{leg}-{token}"


def fits(ear: str, rung: Rung, leg: str) -> bool:
    """Whether the ear is one of this rung, at this phone."""
    return ear.startswith(ear_name(rung, leg, ""))


def next_supervision_step(
    rung: Rung, leg: Leg, where: Where, ear: Ear, *, agent_there: bool
) -> SupervisionStep | None:
    """The next step; None: all is as it should be.

    Args:
        rung: where they want to be.
        leg: their phone.
        where: the room that it is in.
        ear: theirs.
        agent_there: the agent's phone was picked up.
    """
    if leg is not Leg.UP:
        return _BEFORE.get(leg)
    if rung is Rung.JOIN and where is Where.CALL:
        return None if ear is Ear.NONE else SupervisionStep.NO_EAR
    if rung is Rung.JOIN:
        return SupervisionStep.JOIN
    return _apart(where, ear, agent_there=agent_there)


def reached(rung: Rung, leg: Leg, where: Where, ear: Ear) -> bool:
    """Whether the switch is where ``rung`` asks for; arguments as for the next step."""
    if leg is not Leg.UP:
        return False
    if rung is Rung.JOIN:
        return where is Where.CALL and ear is Ear.NONE
    return where is Where.APART and ear is Ear.HEARS


def _apart(where: Where, ear: Ear, *, agent_there: bool) -> SupervisionStep | None:
    if where is not Where.APART:
        return SupervisionStep.ASIDE
    if ear in {Ear.NONE, Ear.OTHER}:
        return SupervisionStep.LEND_EAR if agent_there else None
    return SupervisionStep.HEAR if ear is Ear.UP else None


class KeptSupervisions(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Sequence[Supervision]:
        """All of one call."""
        ...

    def all(self) -> Sequence[Supervision]:
        """Those of all calls."""
        ...

    def by(self, agent: int) -> Sequence[Supervision]:
        """Whatever one supervisor listens to."""
        ...

    def save(self, supervision: Supervision) -> None:
        """Keep a new one, or replace what is kept."""
        ...

    def remove(self, supervision: Supervision) -> None:
        """It is over."""
        ...
