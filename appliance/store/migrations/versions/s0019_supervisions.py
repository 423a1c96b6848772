"""Supervisors in calls; since when, and until when, a recording is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "call_supervisions",
        sa.Column("conversation", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("agent", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("rung", sa.String(16), nullable=False),
        sa.Column("leg", sa.String(64), nullable=False),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        sa.Column("ear", sa.String(64), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["calls.conversation"],
            name=op.f("fk_call_supervisions_conversation_calls"),
        ),
        sa.PrimaryKeyConstraint("conversation", "agent", name=op.f("pk_call_supervisions")),
    )  # fmt: skip
    with op.batch_alter_table("calls") as calls:
        calls.drop_column("private")
        calls.add_column(sa.Column("private_since", sa.String(24), nullable=True))
        calls.add_column(sa.Column("private_until", sa.String(24), nullable=True))
    op.create_index(op.f("ix_call_supervisions_agent"), "call_supervisions", ["agent"])
