"""Where each of those stands who wait, and how long it may take: an estimate, and no promise."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from appliance.domain.agent_state import Presence
from appliance.domain.capacity import FULL
from appliance.domain.live import visitor_topic
from appliance.domain.routing import places
from appliance.domain.service_level import expected_wait
from appliance.domain.work import Floor, Work
from appliance.services.offer_waiting import snapshot

_LATELY = 20  # conversations of a queue, for how long one takes
_LOOK_SECONDS = 2.0


@dataclass(frozen=True)
class Place:
    """How many are served before, and seconds until an answer; None: nobody can tell."""

    ahead: int
    wait: int | None


Tell = Callable[[str, str, Mapping[str, object]], None]


class Places:
    """The places of this moment, looked at every two seconds at most, however many ask.

    Args:
        floor: where they wait.
        tell: carries a topic, a kind and what is told to whoever listens now; may drop it.
    """

    def __init__(self, floor: Floor, tell: Tell) -> None:
        self._floor, self._tell = floor, tell
        self._lock = threading.Lock()
        self._found: Mapping[int, Place] = {}
        self._told: Mapping[int, Place] = {}
        self._until = 0.0

    def of(self, conversation: int) -> Place | None:
        """The conversation's; None: it does not wait."""
        with self._lock:
            if time.monotonic() >= self._until:
                self._found = self._floor.read(all_places)
                self._until = time.monotonic() + _LOOK_SECONDS
            return self._found.get(conversation)

    def tell_news(self) -> None:
        """Tell each waiting contact whose place is another one than last time."""
        found = self._floor.read(all_places)
        for conversation, place in found.items():
            if self._told.get(conversation) != place:
                self._tell(visitor_topic(conversation), "place", vars(place))
        self._told = found


def all_places(work: Work) -> dict[int, Place]:
    """Of all who wait for somebody now; whoever left a message out of hours does not."""
    waiting = [
        one for one in work.waiting() if one.not_before is None or one.not_before <= work.now
    ]
    if not waiting:
        return {}
    ahead = places(snapshot(work, waiting))
    takes = {queue: _takes(work, queue) for queue in {one.queue for one in waiting} if queue}
    there = [one for one in work.agents() if one.presence is Presence.AVAILABLE]
    found = {}
    for one in waiting:
        if one.queue is None or one.id not in ahead:
            continue
        rooms = sum(
            agent.capacity // (one.weight or FULL) for agent in there if one.queue in agent.queues
        )
        handling = takes[one.queue]
        wait = None if handling is None else expected_wait(ahead[one.id], rooms, handling)
        found[one.id] = Place(ahead[one.id], None if wait is None else round(wait))
    return found


def _takes(work: Work, queue: int) -> float | None:
    """Seconds that a conversation of the queue took lately, in the mean."""
    seconds = [
        (one.ended_at - one.answered_at).total_seconds()
        for one in work.handled_lately(queue, _LATELY)
        if one.ended_at and one.answered_at
    ]
    return sum(seconds) / len(seconds) if seconds else None
