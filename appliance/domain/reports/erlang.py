"""How many agents a load needs: Erlang C.

Calls come at random (Poisson), are handled for exponentially distributed times, and wait for as
long as it takes: nobody leaves. So it asks for a little more than is needed where many abandon.
A. K. Erlang, "Solution of some Problems in the Theory of Probabilities of Significance in Automatic
Telephone Exchanges", 1917.

**Several at once.** Who speaks in a chat writes to others meanwhile. That is taken as if each agent
were so many servers, each of which takes as long as one chat does while the agent has others (which
is how AHT is measured): an approximation. It follows J. Luo and J. Zhang, "Staffing and Control of
Instant Messaging Contact Centers", Operations Research 61(2), 2013, where an agent shares the work
among a limited number of chats; it leaves out that an agent with few chats is quicker in each, so
that it asks for a little more than is needed where agents are seldom full.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from appliance.domain.refusals import InvalidError
from appliance.domain.service_level import Target

MOST_AGENTS = 10_000


@dataclass(frozen=True)
class Staffing:
    """What so many agents do with a load.

    Attributes:
        agents: at work at the same time.
        seats: of people to be planned, with those who are on a break, ill, or in training.
        waits: the probability that a contact waits at all.
        asa: seconds that a contact waits, on average.
    """

    agents: int
    seats: int
    waits: float
    service_level: float
    asa: float
    occupancy: float


def probability_of_waiting(agents: int, erlangs: float) -> float:
    """Erlang C; 1 when the load is more than they can ever do.

    By the recursion of Erlang B, in which no factorial and no power overflows.
    """
    if erlangs <= 0:
        return 0.0
    if agents <= erlangs:
        return 1.0
    blocked = 1.0
    for n in range(1, agents + 1):
        blocked = erlangs * blocked / (n + erlangs * blocked)
    return agents * blocked / (agents - erlangs * (1 - blocked))


def service_level(agents: int, erlangs: float, handling: float, within: float) -> float:
    """Share of the contacts that are answered ``within`` seconds."""
    if erlangs <= 0:
        return 1.0
    if agents <= erlangs:
        return 0.0
    return 1 - probability_of_waiting(agents, erlangs) * math.exp(
        -(agents - erlangs) * within / handling
    )


def staffing(
    contacts: float, handling: float, seconds: float, target: Target, *,
    shrinkage: float = 0.0, most_occupancy: float = 1.0, at_once: float = 1.0,
) -> Staffing:  # fmt: skip
    """The fewest agents that reach ``target``.

    Args:
        contacts: that come in ``seconds``.
        handling: seconds that each takes (AHT).
        seconds: the interval.
        target: what is to be reached.
        shrinkage: share of the paid time in which people are not at work, 0 to below 1.
        most_occupancy: nobody is to be at work for more than this share of the time; of an agent
            who has several at once, of what they could have.
        at_once: contacts that an agent has at the same time, on average; at least 1.

    Raises ValueError: more than `MOST_AGENTS`, or a share that is none.
    """
    if not 0 <= shrinkage < 1 or not 0 < most_occupancy <= 1:
        raise InvalidError("staffing-shares")
    erlangs = contacts * handling / seconds
    if erlangs <= 0:
        return Staffing(0, 0, 0.0, 1.0, 0.0, 0.0)
    at_once = max(at_once, 1.0)
    agents = max(1, math.floor(erlangs / at_once))
    while (
        service_level(_servers(agents, at_once), erlangs, handling, target.within) < target.share
        or erlangs / _servers(agents, at_once) > most_occupancy
    ):
        agents += 1
        if agents > MOST_AGENTS:
            raise InvalidError("staffing-too-much", most=MOST_AGENTS)
    servers = _servers(agents, at_once)
    waits = probability_of_waiting(servers, erlangs)
    return Staffing(
        agents=agents,
        seats=math.ceil(agents / (1 - shrinkage)),
        waits=waits,
        service_level=service_level(servers, erlangs, handling, target.within),
        asa=waits * handling / (servers - erlangs),
        occupancy=erlangs / servers,
    )


def _servers(agents: int, at_once: float) -> int:
    return math.floor(agents * at_once + 1e-9)
