"""The tables of conversations and of those who have them; see `appliance.domain.records`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.models import Base, Stamp


class QueueRow(Base):
    """See `appliance.domain.queue.Queue`; ``rules`` in the form of `appliance.store.queue_form`."""

    __tablename__ = "queues"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    form: Mapped[dict[str, Any]] = mapped_column(JSON)


class AgentRow(Base):
    """See `appliance.domain.records.Agent`."""

    __tablename__ = "agents"

    id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(200))
    presence: Mapped[str] = mapped_column(String(32))
    presence_since: Mapped[datetime | None] = mapped_column(Stamp)
    away_reason: Mapped[str] = mapped_column(String(200))
    capacity: Mapped[int]
    groups: Mapped[list[str]] = mapped_column(JSON)
    skills: Mapped[dict[str, int]] = mapped_column(JSON)
    queues: Mapped[list[int]] = mapped_column(JSON)
    idle_since: Mapped[datetime | None] = mapped_column(Stamp)


class ContactRow(Base):
    """One person; ``merged_into`` is set when they turned out to be another one."""

    __tablename__ = "contacts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    created_at: Mapped[datetime] = mapped_column(Stamp)
    merged_into: Mapped[int | None] = mapped_column(ForeignKey("contacts.id"))
    tags: Mapped[list[str]] = mapped_column(JSON)
    note: Mapped[str] = mapped_column(Text)
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, server_default="{}")


class IdentityRow(Base):
    """How a contact is recognised."""

    __tablename__ = "identities"

    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(String(320), primary_key=True)
    sure: Mapped[bool]
    contact: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)


class ConversationRow(Base):
    """See `appliance.domain.records.Conversation`."""

    __tablename__ = "conversations"
    __table_args__ = (
        Index("ix_conversations_state_queue", "state", "queue"),
        Index("ix_conversations_agent_state", "agent", "state"),
        Index("ix_conversations_incomplete", "last_agent", sqlite_where=text("incomplete"),
              postgresql_where=text("incomplete")),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    channel: Mapped[str] = mapped_column(String(32))
    contact: Mapped[int] = mapped_column(ForeignKey("contacts.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(Stamp)
    state: Mapped[str] = mapped_column(String(32))
    state_since: Mapped[datetime | None] = mapped_column(Stamp)
    weight: Mapped[int]
    queue: Mapped[int | None] = mapped_column(ForeignKey("queues.id"))
    waiting_since: Mapped[datetime | None] = mapped_column(Stamp)
    priority: Mapped[int]
    tags: Mapped[list[str]] = mapped_column(JSON)
    subject: Mapped[str] = mapped_column(String(500))
    agent: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    only_agent: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    last_agent: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    declined: Mapped[list[int]] = mapped_column(JSON)
    not_before: Mapped[datetime | None] = mapped_column(Stamp)
    answered_at: Mapped[datetime | None] = mapped_column(Stamp)
    ended_at: Mapped[datetime | None] = mapped_column(Stamp)
    closes_at: Mapped[datetime | None] = mapped_column(Stamp)
    disposition: Mapped[str] = mapped_column(String(200))
    messages: Mapped[int]
    snoozed_until: Mapped[datetime | None] = mapped_column(Stamp)
    woken: Mapped[str] = mapped_column(String(16), server_default="")
    fields: Mapped[dict[str, Any]] = mapped_column(JSON, server_default="{}")
    incomplete: Mapped[bool] = mapped_column(server_default=false())


class OfferRow(Base):
    """See `appliance.domain.records.Offer`."""

    __tablename__ = "offers"
    __table_args__ = (Index("ix_offers_ended_until", "ended", "until"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    agent: Mapped[int] = mapped_column(ForeignKey("agents.id"))
    made_at: Mapped[datetime] = mapped_column(Stamp)
    until: Mapped[datetime] = mapped_column(Stamp)
    why: Mapped[dict[str, Any]] = mapped_column(JSON)
    ended: Mapped[str] = mapped_column(String(16))  # empty: it rings


class MessageRow(Base):
    """See `appliance.domain.records.Message`."""

    __tablename__ = "messages"
    __table_args__ = (UniqueConstraint("conversation", "key"),)

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(64))
    author: Mapped[str] = mapped_column(String(16))
    agent: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    internal: Mapped[bool]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Stamp)
    attachment: Mapped[str | None] = mapped_column(String(32))


class EventRow(Base):
    """What happened: who, what, when, about what."""

    __tablename__ = "events"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Stamp)
    kind: Mapped[str] = mapped_column(String(64))
    who: Mapped[str] = mapped_column(String(64))
    conversation: Mapped[int | None]
    agent: Mapped[int | None]
    queue: Mapped[int | None]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
