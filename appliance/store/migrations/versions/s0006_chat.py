"""What belongs to a chat beside its messages: marks, files, people, pages, ratings, transcripts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_STAMP = sa.String(24)


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "marks",
        _conversation("marks", primary_key=True),
        sa.Column("side", sa.String(16), primary_key=True),
        sa.Column("delivered", sa.Integer, nullable=False),
        sa.Column("read", sa.Integer, nullable=False),
    )
    op.create_table(
        "attachments",
        sa.Column("id", sa.String(32), primary_key=True),
        _conversation("attachments"),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("type", sa.String(100), nullable=False),
        sa.Column("size", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("at", _STAMP, nullable=False),
    )
    op.create_index("ix_attachments_conversation", "attachments", ["conversation"])
    with op.batch_alter_table("messages") as messages:
        messages.add_column(sa.Column("attachment", sa.String(32)))
    op.create_table(
        "participants",
        _conversation("participants", primary_key=True),
        sa.Column("agent", sa.Integer, _to("participants", "agent", "agents"), primary_key=True),
        sa.Column("part", sa.String(16), nullable=False),
        sa.Column("since", _STAMP, nullable=False),
        sa.Column("invited_by", sa.Integer, _to("participants", "invited_by", "agents")),
    )
    op.create_index("ix_participants_agent", "participants", ["agent"])
    op.create_table(
        "canned_replies",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("shortcut", sa.String(40), nullable=False),
        sa.Column("texts", sa.JSON, nullable=False),
        sa.Column("queue", sa.Integer, _to("canned_replies", "queue", "queues")),
        sa.Column("changed_at", _STAMP, nullable=False),
        sa.UniqueConstraint("shortcut", name="uq_canned_replies_shortcut"),
    )
    _after_the_chat()


def _after_the_chat() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.Integer, primary_key=True),
        _conversation("visits"),
        sa.Column("at", _STAMP, nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("title", sa.String(300), nullable=False),
    )
    op.create_index("ix_visits_conversation", "visits", ["conversation"])
    op.create_table(
        "ratings",
        _conversation("ratings", primary_key=True),
        sa.Column("stars", sa.Integer, nullable=False),
        sa.Column("comment", sa.Text, nullable=False),
        sa.Column("agent", sa.Integer, _to("ratings", "agent", "agents")),
        sa.Column("at", _STAMP, nullable=False),
    )
    op.create_table(
        "transcripts",
        sa.Column("id", sa.Integer, primary_key=True),
        _conversation("transcripts"),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("language", sa.String(16), nullable=False),
        sa.Column("messages", sa.Integer, nullable=False),
        sa.Column("asked_at", _STAMP, nullable=False),
        sa.Column("asked_by", sa.String(64), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("next_at", _STAMP, nullable=False),
        sa.Column("ended_at", _STAMP),
        sa.Column("reason", sa.String(500), nullable=False),
    )
    op.create_index("ix_transcripts_conversation", "transcripts", ["conversation"])
    op.create_index("ix_transcripts_state_next_at", "transcripts", ["state", "next_at"])


def _conversation(table: str, *, primary_key: bool = False) -> sa.Column[int]:
    return sa.Column(
        "conversation", sa.Integer, _to(table, "conversation", "conversations"),
        primary_key=primary_key, nullable=False,
    )  # fmt: skip


def _to(table: str, column: str, other: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
