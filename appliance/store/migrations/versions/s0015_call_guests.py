"""Colleagues' phones in calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "call_guests",
        sa.Column("leg", sa.String(64), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=False),
        sa.Column("agent", sa.Integer(), nullable=False),
        sa.Column("spoken", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["calls.conversation"],
            name=op.f("fk_call_guests_conversation_calls"),
        ),
        sa.PrimaryKeyConstraint("leg", name=op.f("pk_call_guests")),
    )  # fmt: skip
    op.create_index(op.f("ix_call_guests_conversation"), "call_guests", ["conversation"])
