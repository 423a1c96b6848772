"""Desk phones, and the numbers that people outside call."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "phones",
        sa.Column("extension", sa.String(10), nullable=False),
        sa.Column("agent", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(32), nullable=False),
        sa.ForeignKeyConstraint(["agent"], ["users.id"], name=op.f("fk_phones_agent_users")),
        sa.PrimaryKeyConstraint("extension", name=op.f("pk_phones")),
        sa.UniqueConstraint("agent", name=op.f("uq_phones_agent")),
    )
    op.create_table(
        "numbers",
        sa.Column("number", sa.String(41), nullable=False),
        sa.Column("queue", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["queue"], ["queues.id"], name=op.f("fk_numbers_queue_queues")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_numbers")),
    )
