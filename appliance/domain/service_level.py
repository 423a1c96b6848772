"""The figures of a call centre, each by its usual definition.

========== ========================================================================================
figure     definition
========== ========================================================================================
SL         answered within the threshold, of all that were answered or abandoned; whoever left
           within the short-abandon time is left out, because nobody could have answered them
ASA        mean wait of those that were answered
SL now     the same of the last quarter-hours; whoever waits past the threshold at this moment
           counts as one who was not answered within it: they cannot be any more
AHT        mean of talk, hold and after-call work of those that were handled
abandoned  left without an answer after the short-abandon time, of the same total as SL
occupancy  time with work, of the time signed in and not away
========== ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from appliance.domain.refusals import InvalidError


@dataclass(frozen=True)
class Target:
    """``share`` of the contacts are to be answered ``within`` seconds.

    ``short`` is the short-abandon time in seconds.
    """

    share: float = 0.8
    within: float = 20.0
    short: float = 5.0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise InvalidError("service-level-share")
        if self.within <= 0 or self.short < 0:
            raise InvalidError("service-level-times")


@dataclass
class Contacts:
    """What is counted of the contacts of a queue in some time; times in seconds.

    Attributes:
        arrived: began to wait: came, were transferred, or overflowed into the queue.
        in_time: of the answered, within the target.
        abandoned: left without an answer; `short` of them within the short-abandon time.
        refused: were not let in: closed or full.
        called_back: asked to be called back instead of waiting in the line.
        unreached: were called back in vain for the last time, or called by an agent in vain.
        called_out: were called by an agent.
        left_menu: callers who hung up in a flow, before they waited.
        waited: all that the answered waited, together.
        longest: the longest wait of anybody who was answered or left.
        handled: agents' parts in conversations that came to their end; with `talk`, `hold`,
            `wrap` all they took together.
    """

    arrived: int = 0
    answered: int = 0
    in_time: int = 0
    abandoned: int = 0
    short: int = 0
    refused: int = 0
    transferred: int = 0
    waited: float = 0.0
    longest: float = 0.0
    handled: int = 0
    talk: float = 0.0
    hold: float = 0.0
    wrap: float = 0.0
    called_back: int = 0
    unreached: int = 0
    left_menu: int = 0
    called_out: int = 0

    def answer(self, wait: float, target: Target) -> None:
        """Somebody was answered after ``wait`` seconds."""
        self.answered += 1
        self.in_time += wait <= target.within
        self.waited += wait
        self.longest = max(self.longest, wait)

    def leave(self, wait: float, target: Target) -> None:
        """Somebody left after ``wait`` seconds."""
        self.abandoned += 1
        self.short += wait < target.short
        self.longest = max(self.longest, wait)

    def add(self, other: Contacts) -> None:
        """Count those of ``other`` too."""
        for name, value in vars(other).items():
            mine = getattr(self, name)
            setattr(self, name, max(mine, value) if name == "longest" else mine + value)


@dataclass(frozen=True)
class Figures:
    """Of a queue and a time; a share or mean of nothing is None."""

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    service_level: float | None
    abandonment: float | None
    asa: float | None
    aht: float | None
    longest_wait: float


def figures(counted: Contacts, late: int = 0) -> Figures:
    """The figures of what was counted.

    ``late``: how many wait now and have waited past the target; for the level of this moment.
    """
    total = counted.answered + counted.abandoned - counted.short
    worked = counted.talk + counted.hold + counted.wrap
    return Figures(
        offered=counted.answered + counted.abandoned,
        answered=counted.answered,
        abandoned=counted.abandoned - counted.short,
        short_abandoned=counted.short,
        service_level=share(counted.in_time, total + late),
        abandonment=share(counted.abandoned - counted.short, total),
        asa=share(counted.waited, counted.answered),
        aht=share(worked, counted.handled),
        longest_wait=counted.longest,
    )


def share(part: float, whole: float) -> float | None:
    """``part`` of ``whole``; None of nothing."""
    return part / whole if whole else None


# The states of an agent that count as work, and those that count as being there.
WORKING = ("offered", "busy", "wrap_up")
PRESENT = (*WORKING, "available", "not_responding")


def occupancy(seconds: Mapping[str, float]) -> float | None:
    """Share of the time signed in and not away that was spent with work; None: nobody was there.

    ``seconds`` by the states of `appliance.domain.agent_state.AgentState`.
    """
    return share(
        sum(seconds.get(state, 0) for state in WORKING),
        sum(seconds.get(state, 0) for state in PRESENT),
    )


def expected_wait(ahead: int, agents: int, handling: float) -> float | None:
    """Seconds until somebody with ``ahead`` others before them is answered.

    A call ends every ``handling / agents`` seconds on average, and the contact needs one end for
    each of those ahead and one more (Little's law). None: nobody is there to answer.
    """
    return (ahead + 1) * handling / agents if agents > 0 else None
