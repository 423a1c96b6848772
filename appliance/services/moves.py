"""The one way in which a conversation or an agent changes: by the table, with its event."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from appliance.domain import agent_state, conversation
from appliance.domain.agent_state import Presence, Said
from appliance.domain.conversation import SPOKEN_IN, Event, State
from appliance.domain.records import Agent, Conversation
from appliance.domain.transitions import after
from appliance.domain.work import Work

SYSTEM = "system"
_WORKED_ON = SPOKEN_IN | {State.WRAP_UP}


def by_agent(agent: int) -> str:
    """An agent, as events name them."""
    return f"agent:{agent}"


def by_contact(contact: int) -> str:
    """A contact, as events name them."""
    return f"contact:{contact}"


def move(
    work: Work,
    before: Conversation,
    event: Event,
    who: str,
    *,
    data: dict[str, object] | None = None,
    **changes: Any,
) -> Conversation:
    """Take ``event``'s way through the table, with ``changes`` of the record.

    Raises IllegalTransitionError.
    """
    state = after(conversation.TABLE, before.state, event)
    moved = replace(before, state=state, state_since=work.now, **changes)
    work.save(moved)
    _idle_from_now(work, before, moved)
    work.tell(
        f"conversation.{event}",
        who=who,
        conversation=moved.id,
        agent=moved.agent if moved.agent is not None else before.agent,
        queue=moved.queue,
        data={"state": str(state), "channel": moved.channel, **(data or {})},
    )
    return moved


def say_presence(work: Work, agent: Agent, said: Said, who: str, reason: str = "") -> Agent:
    """Change what an agent says of themselves. Raises IllegalTransitionError."""
    presence = after(agent_state.TABLE, agent.presence, said)
    if said is Said.MISS_OFFER:
        reason = agent.away_reason  # it rang when they left: why they are away is as they said
    changed = replace(
        agent,
        presence=presence,
        presence_since=work.now,
        away_reason=reason if presence is Presence.AWAY else "",
        idle_since=work.now if presence is Presence.AVAILABLE else agent.idle_since,
    )
    work.save_agent(changed)
    work.tell(
        f"agent.{said}", who=who, agent=agent.id,
        data={"presence": str(presence), "reason": changed.away_reason},
    )  # fmt: skip
    return changed


def _idle_from_now(work: Work, before: Conversation, now: Conversation) -> None:
    """Whoever parts from a conversation, in whatever way, is idle no longer than that."""
    if before.agent is None or before.state not in _WORKED_ON:
        return
    if now.state not in SPOKEN_IN or now.agent != before.agent:
        work.save_agent(replace(work.agent(before.agent), idle_since=work.now))
