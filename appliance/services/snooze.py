"""An agent sets a conversation aside; it comes back at its time, or when the contact writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from appliance.domain.conversation import Event, State
from appliance.domain.records import Conversation
from appliance.domain.snooze import Because, judge, straight_back
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM, by_agent, by_contact, move
from appliance.services.trouble import NotYoursError


def snooze(
    work: Work, conversation: int, agent: int, until: datetime | None, most: timedelta
) -> Conversation:
    """Set it aside ``until`` then (aware); None: until the contact writes, which always wakes it.

    Raises:
        IllegalTransitionError, NotSnoozableError, NotYoursError, UnknownError.
    """
    before = _mine(work, conversation, agent)
    judge(until, work.now, most, call=work.calls.of(conversation) is not None)
    return move(
        work, before, Event.SNOOZE, by_agent(agent), snoozed_until=until, woken="",
        data={"until": until.isoformat()} if until else None,
    )  # fmt: skip


def take_back(work: Work, conversation: int, agent: int) -> Conversation:
    """Its agent goes on with it before its time."""
    before = _mine(work, conversation, agent)
    return _awake(work, before, Because.AGENT, by_agent(agent))


def wake_due(work: Work) -> list[Conversation]:
    """Bring back what was set aside until now; after the update, when one waits."""
    return [wake(work, one, Because.TIME) for one in due_to_wake(work)]


def due_to_wake(work: Work) -> Sequence[Conversation]:
    """What `wake_due` would bring back."""
    return () if work.drained else work.snoozed_until(work.now)


def wake(work: Work, before: Conversation, because: Because) -> Conversation:
    """Bring one back, to its agent or to the queue; see `appliance.domain.snooze`."""
    assert before.agent is not None  # noqa: S101 - what is snoozed has its agent
    agent = work.agent(before.agent)
    who = by_contact(before.contact) if because is Because.CONTACT else SYSTEM
    load = sum(one.weight for one in work.held_by(agent.id) if one.state is not State.WRAP_UP)
    if before.queue is None or straight_back(agent, load, before.weight, drained=work.drained):
        return _awake(work, before, because, who)
    return move(
        work, before, Event.QUEUE, who, agent=None, only_agent=agent.id, snoozed_until=None,
        waiting_since=work.now, not_before=None, declined=frozenset(), woken=str(because),
        data={"woken": str(because)},
    )  # fmt: skip


def _awake(work: Work, before: Conversation, because: Because, who: str) -> Conversation:
    return move(
        work, before, Event.WAKE, who, snoozed_until=None, woken=str(because),
        data={"woken": str(because)},
    )  # fmt: skip


def _mine(work: Work, conversation: int, agent: int) -> Conversation:
    found = work.conversation(conversation)
    if found.agent != agent:
        raise NotYoursError(agent, conversation)
    return found
