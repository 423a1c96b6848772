"""Which of the feed's topics an event is told in, and who may read which topic.

=================== =============================================== ================================
topic               what is told there                              who may read it
=================== =============================================== ================================
``floor``           everything but what people say                  whoever may see the floor
``agent/N``         what concerns this agent: offers, presence;     that agent; the floor's readers
                    what changes at every desk
``conversation/N``  all of one conversation, notes included         who has it, had it, takes part
``visitor/N``       what its contact may see of it                  whoever holds its key
=================== =============================================== ================================
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

FLOOR = "floor"
TALK = "message."  # the beginning of the kinds that move neither a conversation nor an agent

# A contact sees that somebody has come, gone, or speaks; never who was asked before.
_FOR_VISITORS = frozenset(
    {
        "conversation.queue", "conversation.accept", "conversation.take_over",
        "conversation.transfer", "conversation.end", "conversation.close", "conversation.refuse",
        "conversation.reopen", "conversation.join", "conversation.part", "message.said",
        "message.marked", "message.transcript",
    }
)  # fmt: skip
# Nobody whom they are about may notice a supervisor who listens in, unless it is to be shown.
_SILENT = frozenset({"conversation.listen", "conversation.unlisten", "conversation.supervise"})

# What every desk shows: agents learn of it in their own topics, which they follow already.
_AT_EVERY_DESK = frozenset(
    {
        "agent.switch", "agent.updating", "canned.removed", "canned.set", "contact.merged",
        "contact.set", "field.set", "label.set", "queue.set",
    }
)  # fmt: skip
# Whoever has the conversation is told what becomes of whom they asked in.
_AT_ITS_AGENTS = frozenset({"conversation.join", "conversation.part", "conversation.pick_up"})
_OF_AGENTS = frozenset({"disposition", "fields", "missing"})  # what agents note of a contact


def is_talk(kind: str) -> bool:
    """Whether an event moves neither a conversation nor an agent."""
    return kind.startswith(TALK)


def is_at_every_desk(kind: str) -> bool:
    """Whether an event changes what the desk shows to each agent."""
    return kind in _AT_EVERY_DESK


def is_at_its_agents(kind: str) -> bool:
    """Whether an event about somebody else concerns who has the conversation, too."""
    return kind in _AT_ITS_AGENTS


def agent_topic(agent: int) -> str:
    """One agent's own."""
    return f"agent/{agent}"


def conversation_topic(conversation: int) -> str:
    """All of one conversation."""
    return f"conversation/{conversation}"


def visitor_topic(conversation: int) -> str:
    """What its contact may see."""
    return f"visitor/{conversation}"


def for_visitor(data: Mapping[str, object]) -> Mapping[str, object]:
    """What of an event its contact is told."""
    if _OF_AGENTS.isdisjoint(data):
        return data
    return {name: value for name, value in data.items() if name not in _OF_AGENTS}


def topics_of(
    kind: str,
    conversation: int | None,
    agent: int | None,
    data: Mapping[str, object],
    agents: Iterable[int] = (),
) -> list[str]:
    """Where an event is told; ``agents``: at whose desks, beside that of ``agent``."""
    if kind in _SILENT and not data.get("shown"):
        return [FLOOR]
    topics = [] if is_talk(kind) else [FLOOR]
    topics += map(agent_topic, agents if agent is None else sorted({*agents, agent}))
    if conversation is not None:
        topics.append(conversation_topic(conversation))
        if kind in _FOR_VISITORS and not data.get("internal"):
            topics.append(visitor_topic(conversation))
    return topics
