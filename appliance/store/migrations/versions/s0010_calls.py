"""The calls that are going on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "calls",
        sa.Column("conversation", sa.Integer(), nullable=False),
        sa.Column("channel", sa.String(100), nullable=False),
        sa.Column("leg", sa.String(64), nullable=False),
        sa.Column("leg_agent", sa.Integer(), nullable=True),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        sa.Column("over", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"], name=op.f("fk_calls_conversation_conversations")
        ),
        sa.PrimaryKeyConstraint("conversation", name=op.f("pk_calls")),
        sa.UniqueConstraint("channel", name=op.f("uq_calls_channel")),
    )
    op.create_index(op.f("ix_calls_over"), "calls", ["over"])
