"""Conversations, those who have them, and what happened."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_STAMP = sa.String(24)


def upgrade() -> None:
    """One transaction."""
    _people()
    _conversations()
    op.create_table(
        "events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("at", _STAMP, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("who", sa.String(64), nullable=False),
        sa.Column("conversation", sa.Integer),
        sa.Column("agent", sa.Integer),
        sa.Column("queue", sa.Integer),
        sa.Column("data", sa.JSON, nullable=False),
    )
    op.create_index("ix_events_at", "events", ["at"])
    op.create_index("ix_events_conversation", "events", ["conversation"])
    _live()


def _people() -> None:
    op.create_table(
        "queues",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("form", sa.JSON, nullable=False),
        sa.UniqueConstraint("name", name="uq_queues_name"),
    )
    op.create_table(
        "agents",
        sa.Column("id", sa.Integer, _to("agents", "id", "users"), primary_key=True,
                  autoincrement=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("presence", sa.String(32), nullable=False),
        sa.Column("presence_since", _STAMP),
        sa.Column("away_reason", sa.String(200), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("groups", sa.JSON, nullable=False),
        sa.Column("skills", sa.JSON, nullable=False),
        sa.Column("queues", sa.JSON, nullable=False),
        sa.Column("idle_since", _STAMP),
    )  # fmt: skip
    op.create_table(
        "contacts",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("created_at", _STAMP, nullable=False),
        sa.Column("merged_into", sa.Integer, _to("contacts", "merged_into", "contacts")),
    )
    op.create_table(
        "identities",
        sa.Column("kind", sa.String(32), primary_key=True),
        sa.Column("value", sa.String(320), primary_key=True),
        sa.Column("sure", sa.Boolean, nullable=False),
        sa.Column("contact", sa.Integer, _to("identities", "contact", "contacts"), nullable=False),
    )
    op.create_index("ix_identities_contact", "identities", ["contact"])


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("channel", sa.String(32), nullable=False),
        sa.Column("contact", sa.Integer, _to("conversations", "contact", "contacts"),
                  nullable=False),
        sa.Column("created_at", _STAMP, nullable=False),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("state_since", _STAMP),
        sa.Column("weight", sa.Integer, nullable=False),
        sa.Column("queue", sa.Integer, _to("conversations", "queue", "queues")),
        sa.Column("waiting_since", _STAMP),
        sa.Column("priority", sa.Integer, nullable=False),
        sa.Column("tags", sa.JSON, nullable=False),
        sa.Column("subject", sa.String(500), nullable=False),
        sa.Column("agent", sa.Integer, _to("conversations", "agent", "agents")),
        sa.Column("only_agent", sa.Integer, _to("conversations", "only_agent", "agents")),
        sa.Column("last_agent", sa.Integer, _to("conversations", "last_agent", "agents")),
        sa.Column("declined", sa.JSON, nullable=False),
        sa.Column("not_before", _STAMP),
        sa.Column("answered_at", _STAMP),
        sa.Column("ended_at", _STAMP),
        sa.Column("closes_at", _STAMP),
        sa.Column("disposition", sa.String(200), nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
    )  # fmt: skip
    op.create_index("ix_conversations_contact", "conversations", ["contact"])
    op.create_index("ix_conversations_state_queue", "conversations", ["state", "queue"])
    op.create_index("ix_conversations_agent_state", "conversations", ["agent", "state"])
    op.create_table(
        "offers",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("conversation", sa.Integer, _to("offers", "conversation", "conversations"),
                  nullable=False),
        sa.Column("agent", sa.Integer, _to("offers", "agent", "agents"), nullable=False),
        sa.Column("made_at", _STAMP, nullable=False),
        sa.Column("until", _STAMP, nullable=False),
        sa.Column("why", sa.JSON, nullable=False),
        sa.Column("ended", sa.String(16), nullable=False),
    )  # fmt: skip
    op.create_index("ix_offers_conversation", "offers", ["conversation"])
    op.create_index("ix_offers_ended_until", "offers", ["ended", "until"])
    op.create_table(
        "messages",
        sa.Column("conversation", sa.Integer, _to("messages", "conversation", "conversations"),
                  primary_key=True),
        sa.Column("number", sa.Integer, primary_key=True),
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("author", sa.String(16), nullable=False),
        sa.Column("agent", sa.Integer, _to("messages", "agent", "agents")),
        sa.Column("internal", sa.Boolean, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("at", _STAMP, nullable=False),
        sa.UniqueConstraint("conversation", "key", name="uq_messages_conversation"),
    )  # fmt: skip


def _live() -> None:
    op.create_table(
        "live_topics",
        sa.Column("topic", sa.String(100), primary_key=True),
        sa.Column("head", sa.Integer, nullable=False),
        sa.Column("floor", sa.Integer, nullable=False),
    )
    op.create_table(
        "live_events",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("topic", sa.String(100), nullable=False),
        sa.Column("seq", sa.Integer, nullable=False),
        sa.Column("at", _STAMP, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("data", sa.Text, nullable=False),
    )
    op.create_index("ix_live_events_at", "live_events", ["at"])
    op.create_index("ix_live_events_topic_seq", "live_events", ["topic", "seq"], unique=True)


def _to(table: str, column: str, other: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
