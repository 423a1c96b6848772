"""Agents with what they have, as routing sees them.

Decisions follow each other quickly, and from one to the next almost everybody is as before: an
agent is looked at again only when their record, or what they have, is another.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from appliance.domain.agent_state import Presence
from appliance.domain.conversation import State
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Conversation
from appliance.domain.routing import Seat

_NOTHING: Sequence[Conversation] = ()


class _Seen(NamedTuple):
    """The very objects of which a seat was made; records never change."""

    agent: Agent
    has: Sequence[Conversation]
    beside: int
    seat: Seat


class Seated:
    """Remembers seats from one decision to the next; for one thread."""

    def __init__(self) -> None:
        self._seen: dict[int, _Seen] = {}
        self._queues: Mapping[int, Queue] | None = None

    def seats(
        self,
        agents: Iterable[Agent],
        loads: Mapping[int, Sequence[Conversation]],
        queues: Mapping[int, Queue],
        beside: Mapping[int, int] = MappingProxyType({}),
        *,
        everybody: bool = False,
    ) -> list[Seat]:
        """Of those who are available; ``everybody``: of all.

        ``loads``: what each has, another object when anything of it is another.
        ``beside``: what takes part of the capacity of some beside that.
        """
        if queues is not self._queues:
            self._queues = queues
            self._seen.clear()
        found = []
        for agent in agents:
            if not everybody and agent.presence is not Presence.AVAILABLE:
                continue
            has = loads.get(agent.id, _NOTHING)
            more = beside.get(agent.id, 0)
            seen = self._seen.get(agent.id)
            if (
                seen is None or seen.agent is not agent or seen.has is not has
                or seen.beside != more
            ):  # fmt: skip
                seen = _Seen(agent, has, more, _seat(agent, has, queues, more))
                self._seen[agent.id] = seen
            found.append(seen.seat)
        return found


def _seat(
    agent: Agent, has: Sequence[Conversation], queues: Mapping[int, Queue], beside: int
) -> Seat:
    counted = [one for one in has if _holds(one, queues)]
    return Seat(
        agent=agent.id,
        queues=agent.queues,
        groups=agent.groups,
        skills=agent.skills,
        available=agent.presence is Presence.AVAILABLE,
        free=not any(one.state in {State.OFFERED, State.WRAP_UP} for one in counted),
        load=beside + sum(one.weight for one in counted),
        capacity=agent.capacity,
        idle_since=agent.idle_since.timestamp() if agent.idle_since else 0.0,
    )


def _holds(one: Conversation, queues: Mapping[int, Queue]) -> bool:
    """Whether it takes of its agent's capacity: all but after-call work that may be interrupted."""
    if one.state is not State.WRAP_UP or one.queue is None:
        return True
    return queues[one.queue].wrap_up.holds_the_agent
