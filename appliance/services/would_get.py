"""Answers "who would get this?" on the floor as it is now, and changes nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from appliance.domain.conversation import State
from appliance.domain.records import Conversation
from appliance.domain.routing import Snapshot
from appliance.domain.try_out import TryOut, try_out
from appliance.domain.work import Work
from appliance.services.offer_waiting import snapshot

_NOBODY = -1  # no conversation has this number


@dataclass(frozen=True)
class Hypothetical:
    """A conversation that might come.

    Attributes:
        waited: seconds that it has waited: rules relax with time.
        everybody: as if all who serve the queue were available and free: what the rules say,
            whoever is at work at this hour.
    """

    queue: int
    weight: int
    tags: frozenset[str] = frozenset()
    priority: int = 0
    waited: float = 0.0
    last_agent: int | None = None
    everybody: bool = False


def would_get(work: Work, asked: Hypothetical) -> TryOut:
    """Raises UnknownError."""
    work.queue(asked.queue)
    one = Conversation(
        id=_NOBODY, channel="", contact=_NOBODY, created_at=work.now, state=State.QUEUED,
        weight=asked.weight, queue=asked.queue,
        waiting_since=work.now - timedelta(seconds=asked.waited), priority=asked.priority,
        tags=asked.tags, last_agent=asked.last_agent,
    )  # fmt: skip
    now = snapshot(work, [one], everybody=True)
    if asked.everybody:
        now = _all_free(now)
    return try_out(now, now.waiting[0])


def _all_free(now: Snapshot) -> Snapshot:
    seats = [replace(seat, available=True, free=True, load=0) for seat in now.seats]
    policies = {queue: replace(policy, open=True) for queue, policy in now.policies.items()}
    return replace(now, seats=seats, policies=policies)
