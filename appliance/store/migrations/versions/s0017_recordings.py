"""What was recorded of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("conversation", sa.Integer(), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("name", sa.String(64), nullable=False),
        sa.Column("begun_at", sa.String(24), nullable=False),
        sa.Column("stage", sa.String(16), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("secret", sa.String(200), nullable=False),
        sa.ForeignKeyConstraint(
            ["conversation"], ["conversations.id"],
            name=op.f("fk_recordings_conversation_conversations"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
        sa.UniqueConstraint("name", name=op.f("uq_recordings_name")),
    )  # fmt: skip
    op.create_index(op.f("ix_recordings_conversation"), "recordings", ["conversation"])
    op.create_index(op.f("ix_recordings_stage"), "recordings", ["stage"])
    op.add_column(
        "calls", sa.Column("private", sa.Boolean(), nullable=False, server_default=sa.false())
    )
