"""Whom a conversation needs: by what it is tagged with, and less strictly the longer it waits.

All of it is data that an administrator edits. A queue has rules in order; the first whose tags the
conversation has decides: a VIP goes to the experts, a new customer to the training group, everybody
else to the general pool. Each rule has steps: after so many seconds of waiting its demands relax.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from appliance.domain.refusals import InvalidError

LEAST_LEVEL, MOST_LEVEL = 1, 5


@dataclass(frozen=True)
class Need:
    """What an agent must have.

    Attributes:
        groups: one of these; empty: anybody.
        skills: each of these, at this level (1 to 5) or above.
    """

    groups: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for skill, level in self.skills.items():
            if not LEAST_LEVEL <= level <= MOST_LEVEL:
                raise InvalidError("skill-level", skill=skill, least=LEAST_LEVEL, most=MOST_LEVEL)

    def met_by(self, groups: frozenset[str], skills: Mapping[str, int]) -> bool:
        """Whether somebody of these groups with these skills will do."""
        if self.groups and not self.groups & groups:
            return False
        return all(skills.get(skill, 0) >= level for skill, level in self.skills.items())


@dataclass(frozen=True)
class Step:
    """From ``after`` seconds of waiting on, ``need`` is enough."""

    after: float
    need: Need


@dataclass(frozen=True, eq=False)
class Rule:
    """One line of a queue's rules; compared by identity, since a snapshot shares it.

    Attributes:
        name: as the administrator calls it; it is told in the reason of an offer.
        tags: the conversation has them all; empty: every conversation.
        steps: the first begins at 0 seconds; sorted by time.
        priority: added to the conversation's.
    """

    name: str
    tags: frozenset[str] = frozenset()
    steps: Sequence[Step] = (Step(0, Need()),)
    priority: int = 0

    def __post_init__(self) -> None:
        times = [step.after for step in self.steps]
        if not times or times[0] != 0 or times != sorted(set(times)):
            raise InvalidError("rule-steps", rule=self.name)

    def step(self, waited: float) -> int:
        """Which step holds after ``waited`` seconds."""
        number = 0
        for index, step in enumerate(self.steps):
            if step.after > waited:
                break
            number = index
        return number


ANYBODY = Rule("anybody")


def rule_for(rules: Sequence[Rule], tags: frozenset[str]) -> Rule:
    """The first rule whose tags are all there; without one, anybody will do."""
    return next((rule for rule in rules if rule.tags <= tags), ANYBODY)
