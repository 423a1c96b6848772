"""The figures of a call centre, each by its usual definition.

========== ========================================================================================
figure     definition
========== ========================================================================================
SL         answered within the threshold, of all that were answered or abandoned; whoever left
           within the short-abandon time is left out, because nobody could have answered them
ASA        mean wait of those that were answered
AHT        mean of talk, hold and after-call work of those that were answered
abandoned  left without an answer after the short-abandon time, of the same total as SL
occupancy  time with work, of the time signed in and not away
========== ========================================================================================
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass


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
            raise ValueError("a service level's share must be above 0 and at most 1")
        if self.within <= 0 or self.short < 0:
            raise ValueError("a service level's times must be above 0 seconds")


@dataclass(frozen=True)
class Outcome:
    """How one conversation's wait ended; times in seconds.

    Attributes:
        waited: from queued to answered, or to the moment the contact left.
        answered: False: abandoned.
        handled: talk, hold and after-call work.
    """

    waited: float
    answered: bool
    handled: float = 0.0


@dataclass(frozen=True)
class Figures:
    """Of a queue and a time; a share or mean of nothing is None."""

    offered: int
    answered: int
    abandoned: int
    short_abandoned: int
    service_level: float | None
    asa: float | None
    aht: float | None
    longest_wait: float


def figures(outcomes: Iterable[Outcome], target: Target) -> Figures:
    """The figures of these conversations."""
    answered: list[Outcome] = []
    left: list[Outcome] = []
    for one in outcomes:
        (answered if one.answered else left).append(one)
    short = sum(1 for one in left if one.waited < target.short)
    total = len(answered) + len(left) - short
    in_time = sum(1 for one in answered if one.waited <= target.within)
    return Figures(
        offered=len(answered) + len(left),
        answered=len(answered),
        abandoned=len(left) - short,
        short_abandoned=short,
        service_level=in_time / total if total else None,
        asa=_mean([one.waited for one in answered]),
        aht=_mean([one.handled for one in answered]),
        longest_wait=max((one.waited for one in (*answered, *left)), default=0.0),
    )


def occupancy(working: float, present: float) -> float | None:
    """Share of the seconds ``present`` that were spent ``working``; None: nobody was there."""
    return min(working / present, 1.0) if present > 0 else None


def expected_wait(ahead: int, agents: int, handling: float) -> float | None:
    """Seconds until somebody with ``ahead`` others before them is answered.

    A call ends every ``handling / agents`` seconds on average, and the contact needs one end for
    each of those ahead and one more (Little's law). None: nobody is there to answer.
    """
    return (ahead + 1) * handling / agents if agents > 0 else None


def _mean(values: Sequence[float]) -> float | None:
    return sum(values) / len(values) if values else None
