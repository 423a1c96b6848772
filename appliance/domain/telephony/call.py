"""What is to be done about a call next: a pure rule of what the core says and what the switch has.

The core decides (`appliance.domain.conversation`): who waits, where it rings, who speaks. The
switch only follows. So nobody keeps a second state machine that could disagree: whatever happened,
in whatever order it was heard, `next_step` compares the two and names the one step that brings them
closer, until there is none left. After a crash the same rule finds the calls as they are.

=========== ======================================================================================
state       what the switch should have
=========== ======================================================================================
new         the caller, answered; the flow says what is heard (`…telephony.flow`)
queued      the caller, answered, with music or an announcement; nobody else
offered     the caller as before; the agent's phone rings
active      both in one room; while the agent's phone still rings, or their page in the desk is
            loaded anew, the caller hears music
held        the caller out of the room, with music; the agent's phone stays
ended       nothing
=========== ======================================================================================

What the switch tells the core: the caller is gone (`LEAVE`, `END_BY_CALLER`), the phone was picked
up (`ACCEPT`), declined (`DECLINE`), cannot ring (`MISS`), was put down (`END_BY_AGENT`), or was
lost before anybody spoke (`LOSE_AGENT`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from appliance.domain.conversation import ENDED, SPOKEN_IN, State
from appliance.domain.telephony.provider import End


class Step(StrEnum):
    """One thing to be done."""

    # at the switch
    ANSWER = "answer"
    MUSIC = "music"
    RING = "ring"  # the agent's phone
    RING_DESK = "ring_desk"  # their phone in the desk, whose page went away in the call
    HUSH = "hush"  # what is played to the caller ends
    DROP_LEG = "drop_leg"  # that phone rings no more, and is no part of the call
    JOIN = "join"
    JOIN_LEG = "join_leg"  # the agent alone: the caller is held, who else is there is heard
    PART = "part"  # the caller leaves the room
    HANG_UP = "hang_up"  # all of it
    DIAL = "dial"  # the number outside, see `appliance.domain.telephony.outgoing`
    RINGBACK = "ringback"  # the agent hears it ring
    DROP_PARTY = "drop_party"  # it is not called any more
    JOIN_ON = "join_on"  # caller and outside party, see `appliance.domain.telephony.onward`
    # in the core
    LEAVE = "leave"
    ACCEPT = "accept"
    DECLINE = "decline"
    MISS = "miss"
    END_BY_CALLER = "end_by_caller"
    END_BY_AGENT = "end_by_agent"
    LOSE_AGENT = "lose_agent"
    REACHED = "reached"
    UNREACHED = "unreached"


class Leg(StrEnum):
    """The agent's phone, as far as this call goes."""

    NONE = "none"
    RINGING = "ringing"
    UP = "up"
    GONE = "gone"


class Back(StrEnum):
    """The agent's page in the desk went away in the call, and is waited for."""

    NOW = "now"  # it is time to ring it
    LATER = "later"  # that was tried a moment ago


@dataclass(frozen=True)
class Line:
    """What the switch has of a call.

    Attributes:
        caller: whether the caller is still there.
        answered: whether the caller was answered.
        music: whether the caller hears music.
        talking: whether something is played to the caller.
        walking: whether the caller is in a flow.
        asked: whether a key of the caller's is waited for.
        joined: whether the caller is in the room.
        leg: the agent's phone.
        leg_agent: whose it is.
        why: how it ended.
        spoken: whether it was in the room with the caller, or picked up for this call.
        back: whether the agent's page is waited for; None: it is not.
        company: whether anybody but the agent is in the room with the caller; who listens from a
            room apart is not.
        leg_joined: whether the agent's phone is in the room.
    """

    caller: bool = True
    answered: bool = False
    music: bool = False
    talking: bool = False
    walking: bool = False
    asked: bool = False
    joined: bool = False
    leg: Leg = Leg.NONE
    leg_agent: int | None = None
    why: End | None = None
    spoken: bool = False
    back: Back | None = None
    company: bool = False
    leg_joined: bool = True


ROOM = "call-"  # how the names of rooms begin in which calls are spoken
_WAITING = frozenset({State.NEW, State.QUEUED, State.REOPENED})
THERE = frozenset({Leg.RINGING, Leg.UP})  # a phone that can be hung up
BY_HAND = frozenset({End.BUSY, End.NO_ANSWER, End.HUNG_UP})  # its agent did it, or let it ring
NO_MORE = ENDED | {State.WRAP_UP}  # nothing of it is to be left at the switch


def next_step(state: State, agent: int | None, line: Line) -> Step | None:
    """The next step for a conversation in ``state`` at ``agent``; None: all is as it should be."""
    if state in NO_MORE:
        anything = line.caller or line.leg in THERE or line.joined
        return Step.HANG_UP if anything else None
    if not line.caller:
        return _without_caller(state)
    if line.leg is not Leg.NONE and (line.leg_agent != agent or state in _WAITING):
        return Step.DROP_LEG
    if not line.answered:
        return Step.ANSWER
    if state not in SPOKEN_IN:
        return _waiting(state, line)
    # Who hears something cannot be moved.
    return Step.HUSH if line.talking else _spoken(state, line)


def _without_caller(state: State) -> Step | None:
    if state in SPOKEN_IN:
        return Step.END_BY_CALLER
    return None if state is State.TRANSFERRED else Step.LEAVE


def _waiting(state: State, line: Line) -> Step | None:
    if line.joined:
        return Step.PART
    if line.walking and state is State.NEW:
        return None
    if state is State.OFFERED and line.leg is Leg.NONE:  # the caller can do without music so long
        return Step.RING
    if not (line.music or line.talking or line.asked):
        return Step.MUSIC
    return offered_step(line.leg, line.why) if state is State.OFFERED else None


def offered_step(leg: Leg, why: End | None) -> Step | None:
    """What the phone of the agent to whom it is offered asks for; ``why`` it is gone."""
    if leg is Leg.NONE:
        return Step.RING
    if leg is Leg.UP:
        return Step.ACCEPT
    if leg is Leg.GONE:
        return Step.DECLINE if why in BY_HAND else Step.MISS
    return None


def _spoken(state: State, line: Line) -> Step | None:
    if line.leg is Leg.GONE:
        return _without_agent(line)
    if line.leg is Leg.UP and state is State.ACTIVE:
        return None if line.joined else Step.JOIN
    if line.joined:
        return Step.PART
    if not line.music:
        return Step.MUSIC
    if line.leg is Leg.UP and not line.leg_joined:
        return Step.JOIN_LEG
    return Step.RING if line.leg is Leg.NONE else None


def _without_agent(line: Line) -> Step | None:
    if line.back is None:
        return Step.END_BY_AGENT if line.spoken else Step.LOSE_AGENT
    if not line.company:  # nobody is left alone in a silent room
        if line.joined:
            return Step.PART
        if not line.music:
            return Step.MUSIC
    return Step.RING_DESK if line.back is Back.NOW else None


@dataclass(frozen=True)
class Call:
    """What is kept of a call, so that it is found again after a crash.

    Attributes:
        conversation: its number in the core.
        channel: the caller's.
        leg: the channel of the agent's phone; empty: none. It is kept before it rings.
        leg_agent: whose phone that is.
        spoken: see `Line.spoken`.
        over: nothing of it is left at the switch.
        version: the id of the version of the flow that the caller goes through; None: none.
        private_since: since when what is said is left out of the recording (card data); None: it
            is not left out.
        private_until: when that ends by itself.
        step, tries: where in it the caller is; an empty step: it is behind them.
        number: to be called; empty: it came in. ``channel`` is that of the next try, or of this.
        reached: somebody answered there.
        attempts: tries in vain.
        asked_by: the channel by which the caller asked to be called back; it is to end.
        outcome: why the last try reached nobody, or `switch_lost`: the call was over when the
            switch was; empty: neither.
        missed, missed_why: who was asked in last and not reached, and why: a number outside, or a
            colleague as `agent:N`.
        onward: the channel of a number outside with whom the caller goes on without us; empty:
            there is none.
        muted: the channels of agents' phones that nobody is to hear.
    """

    conversation: int
    channel: str
    leg: str = ""
    leg_agent: int | None = None
    spoken: bool = False
    over: bool = False
    version: int | None = None
    step: str = ""
    tries: int = 0
    private_since: datetime | None = None
    private_until: datetime | None = None
    number: str = ""
    reached: bool = False
    attempts: int = 0
    asked_by: str = ""
    outcome: str = ""
    missed: str = ""
    missed_why: str = ""
    onward: str = ""
    muted: frozenset[str] = frozenset()

    @property
    def private(self) -> bool:
        """Whether what is said now is left out of the recording."""
        return self.private_since is not None

    @property
    def outgoing(self) -> bool:
        """Whether somebody is still to be reached."""
        return bool(self.number) and not self.reached

    @property
    def bridge(self) -> str:
        """The room in which they meet."""
        return f"{ROOM}{self.conversation}"
