"""Set aside until a time or until the contact writes: what may be, and where it comes back to.

A conversation that is snoozed stays its agent's and takes none of their capacity. It comes back
**straight to the agent** when they are available and have room for it; else **to the queue**, where
it rings at them first as soon as they are free, and at everybody while they are not there.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import StrEnum

from appliance.domain.agent_state import Presence
from appliance.domain.records import Agent
from appliance.domain.refusals import InvalidError


class Because(StrEnum):
    """Why it is back."""

    TIME = "time"
    CONTACT = "contact"
    AGENT = "agent"  # they took it back themselves


class NotSnoozableError(InvalidError):
    """It cannot be set aside, or not until then; the kind says why."""


def judge(until: datetime | None, now: datetime, most: timedelta, *, call: bool) -> None:
    """Whether it may be set aside ``until`` then. Raises NotSnoozableError."""
    if call:
        raise NotSnoozableError("snooze-call")
    if until is None:
        return
    if until <= now:
        raise NotSnoozableError("snooze-past", until=until.isoformat(timespec="minutes"))
    if until - now > most:
        raise NotSnoozableError("snooze-long", most=most.days)


def straight_back(agent: Agent, load: int, weight: int, *, drained: bool) -> bool:
    """Whether it comes back to the agent without ringing.

    Args:
        agent: who set it aside.
        load: what their conversations weigh together.
        weight: what this one does.
        drained: an update waits: nothing new is begun.
    """
    free = agent.capacity - load >= weight
    return agent.presence is Presence.AVAILABLE and free and not drained
