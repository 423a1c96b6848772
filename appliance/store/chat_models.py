"""The tables of what belongs to a chat beside its messages."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import JSON, ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.models import Base, Stamp


class MarksRow(Base):
    """See `appliance.domain.marks.Marks`."""

    __tablename__ = "marks"

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    side: Mapped[str] = mapped_column(String(16), primary_key=True)
    delivered: Mapped[int]
    read: Mapped[int]


class AttachmentRow(Base):
    """See `appliance.domain.attachment.Attachment`; its bytes are a file."""

    __tablename__ = "attachments"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    name: Mapped[str] = mapped_column(String(200))
    type: Mapped[str] = mapped_column(String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Stamp)
    key: Mapped[str] = mapped_column(Text, server_default="")


class ParticipantRow(Base):
    """See `appliance.domain.participants.Participant`."""

    __tablename__ = "participants"

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    agent: Mapped[int] = mapped_column(ForeignKey("agents.id"), primary_key=True, index=True)
    part: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime] = mapped_column(Stamp)
    invited_by: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))


class CannedRow(Base):
    """See `appliance.domain.canned.Canned`."""

    __tablename__ = "canned_replies"

    id: Mapped[int] = mapped_column(primary_key=True)
    shortcut: Mapped[str] = mapped_column(String(40), unique=True)
    texts: Mapped[dict[str, str]] = mapped_column(JSON)
    queue: Mapped[int | None] = mapped_column(ForeignKey("queues.id"))
    changed_at: Mapped[datetime] = mapped_column(Stamp)


class VisitRow(Base):
    """See `appliance.domain.visits.Visit`."""

    __tablename__ = "visits"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    at: Mapped[datetime] = mapped_column(Stamp)
    url: Mapped[str] = mapped_column(String(2000))
    title: Mapped[str] = mapped_column(String(300))


class RatingRow(Base):
    """See `appliance.domain.rating.Rating`."""

    __tablename__ = "ratings"

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    stars: Mapped[int]
    comment: Mapped[str] = mapped_column(Text)
    agent: Mapped[int | None] = mapped_column(ForeignKey("agents.id"))
    at: Mapped[datetime] = mapped_column(Stamp)


class TranscriptRow(Base):
    """See `appliance.domain.transcript.Transcript`."""

    __tablename__ = "transcripts"
    __table_args__ = (Index("ix_transcripts_state_next_at", "state", "next_at"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    recipient: Mapped[str] = mapped_column(String(254))
    language: Mapped[str] = mapped_column(String(16))
    messages: Mapped[int]
    asked_at: Mapped[datetime] = mapped_column(Stamp)
    asked_by: Mapped[str] = mapped_column(String(64))
    state: Mapped[str] = mapped_column(String(16))
    tries: Mapped[int]
    next_at: Mapped[datetime] = mapped_column(Stamp)
    ended_at: Mapped[datetime | None] = mapped_column(Stamp)
    reason: Mapped[str] = mapped_column(String(500))
