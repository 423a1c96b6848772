"""What is kept of conversations and of the people who have them. Moments are aware."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from appliance.domain.agent_state import Presence
from appliance.domain.attachment import Attachment
from appliance.domain.capacity import FULL
from appliance.domain.conversation import State
from appliance.domain.custom_fields import Value


@dataclass(frozen=True)
class Agent:
    """A person who takes conversations; ``id`` is that of their user.

    Attributes:
        presence_since: since when, for timers and reports.
        away_reason: why they are away, the word of a label; empty: no reason was given.
        groups, skills, queues: what they may be offered; see `appliance.domain.demand`.
        idle_since: when they last parted from a conversation, or became available.
    """

    id: int
    name: str
    presence: Presence = Presence.OFFLINE
    presence_since: datetime | None = None
    away_reason: str = ""
    capacity: int = FULL
    groups: frozenset[str] = frozenset()
    skills: Mapping[str, int] = field(default_factory=dict)
    queues: frozenset[int] = frozenset()
    idle_since: datetime | None = None


@dataclass(frozen=True)
class Conversation:
    """One conversation; see `appliance.domain.conversation` for its states.

    Attributes:
        weight: what it takes of an agent's capacity; fixed when it arrives.
        waiting_since: when it began to wait: its place. It stays when an offer fails, and is
            begun anew by a transfer or when it is reopened.
        agent: who has it, or at whom it rings.
        only_agent: it was transferred to this agent alone.
        last_agent: who spoke with the contact before.
        declined: agents who did not take it; forgotten when it is answered.
        not_before: left out of hours: it is offered from then on.
        messages: the number of its last message.
        snoozed_until: when it comes back by itself; None: when the contact writes.
        woken: it is back from being snoozed, because of this; empty once that was noticed. See
            `appliance.domain.snooze.Because`.
        fields: what was filled in of `appliance.domain.custom_fields`, by key.
        incomplete: it closed by time while a required field was not filled in, and still is not.
    """

    id: int
    channel: str
    contact: int
    created_at: datetime
    state: State = State.NEW
    state_since: datetime | None = None
    weight: int = FULL
    queue: int | None = None
    waiting_since: datetime | None = None
    priority: int = 0
    tags: frozenset[str] = frozenset()
    subject: str = ""
    agent: int | None = None
    only_agent: int | None = None
    last_agent: int | None = None
    declined: frozenset[int] = frozenset()
    not_before: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    closes_at: datetime | None = None
    disposition: str = ""
    messages: int = 0
    snoozed_until: datetime | None = None
    woken: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict, hash=False)
    incomplete: bool = False

    @property
    def waits_from(self) -> datetime | None:
        """From when its waiting counts; what was left out of hours waits from the opening on."""
        if self.waiting_since is None or self.not_before is None:
            return self.waiting_since
        return max(self.waiting_since, self.not_before)

    def spoken(self, messages: int, *, answers: bool) -> Conversation:
        """With so many messages. `replace` would take ten times as long, for each message."""
        made = object.__new__(Conversation)
        made.__dict__.update(self.__dict__, messages=messages)
        if answers:
            made.__dict__.update(woken="")
        return made


class OfferEnd(StrEnum):
    """How an offer ended."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"  # the contact left, somebody else took it, or it could not ring


@dataclass(frozen=True)
class Offer:
    """A lease: the conversation rings at the agent until ``until``.

    Attributes:
        why: the reason, the name of a text below ``routing`` and its blanks.
        end: None while it rings.
    """

    id: int
    conversation: int
    agent: int
    made_at: datetime
    until: datetime
    why: Mapping[str, object]
    end: OfferEnd | None = None


class Author(StrEnum):
    """Who wrote a message."""

    CONTACT = "contact"
    AGENT = "agent"
    SYSTEM = "system"


@dataclass(frozen=True)
class Message:
    """One message of a conversation.

    Attributes:
        number: 1, 2, 3, … in the conversation, without gaps.
        key: the sender's own id for it: the same key is the same message.
        agent: which agent wrote it.
        internal: a note that the contact never sees.
        attachment: a file that came with it.
    """

    conversation: int
    number: int
    key: str
    author: Author
    text: str
    at: datetime
    agent: int | None = None
    internal: bool = False
    attachment: Attachment | None = None
