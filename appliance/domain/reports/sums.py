"""What is counted, by quarter-hour: the smallest interval, of which all others are made.

A quarter-hour, because every time zone of the world is a whole number of them away from UTC: an
hour or a day of any zone is a sum of whole rows.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from appliance.domain.service_level import Contacts

QUARTER = 900  # seconds


@dataclass
class Times:
    """What is counted of an agent in some time; times in seconds.

    The fields named as `appliance.domain.agent_state.AgentState` are the time in that state.
    """

    answered: int = 0
    declined: int = 0
    missed: int = 0
    transferred: int = 0
    handled: int = 0
    talk: float = 0.0
    hold: float = 0.0
    wrap: float = 0.0
    available: float = 0.0
    away: float = 0.0
    not_responding: float = 0.0
    offered: float = 0.0
    busy: float = 0.0
    wrap_up: float = 0.0

    def add(self, other: Times) -> None:
        """Count those of ``other`` too."""
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)


@dataclass
class Away:
    """How long somebody was away for one reason, in seconds."""

    away: float = 0.0

    def add(self, other: Away) -> None:
        """Count that of ``other`` too."""
        self.away += other.away


def quarter_of(moment: float) -> int:
    """Where the quarter-hour that holds ``moment`` begins, both in seconds of the epoch."""
    return int(moment // QUARTER) * QUARTER


@dataclass
class Sums:
    """Counted by quarter-hour (its begin in seconds of the epoch).

    Attributes:
        contacts: by quarter-hour, queue, channel.
        agents: by quarter-hour and agent.
        aways: by quarter-hour, agent, reason (empty: not said).
    """

    contacts: dict[tuple[int, int, str], Contacts] = field(
        default_factory=lambda: defaultdict(Contacts)
    )
    agents: dict[tuple[int, int], Times] = field(default_factory=lambda: defaultdict(Times))
    aways: dict[tuple[int, int, str], Away] = field(default_factory=lambda: defaultdict(Away))

    def queue(self, at: float, queue: int, channel: str) -> Contacts:
        """To count in."""
        return self.contacts[quarter_of(at), queue, channel]

    def agent(self, at: float, agent: int) -> Times:
        """To count in."""
        return self.agents[quarter_of(at), agent]

    def spend(self, agent: int, state: str, since: float, until: float, reason: str) -> None:
        """The agent was in ``state`` from ``since`` to ``until``; each quarter-hour gets its part.

        Time offline is not counted; ``reason`` is why they were away, if they were.
        """
        if state == "offline":
            return
        while since < until:
            end = min(until, quarter_of(since) + QUARTER)
            times = self.agent(since, agent)
            setattr(times, state, getattr(times, state) + end - since)
            if state == "away":
                self.aways[quarter_of(since), agent, reason].away += end - since
            since = end

    def add(self, other: Sums) -> None:
        """Count those of ``other`` too."""
        for key, contacts in other.contacts.items():
            self.contacts[key].add(contacts)
        for seat, times in other.agents.items():
            self.agents[seat].add(times)
        for gone, away in other.aways.items():
            self.aways[gone].add(away)
