"""Conversations that closed by time while a required field was missing."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """One transaction."""
    op.add_column(
        "conversations",
        sa.Column("incomplete", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    op.create_index(
        "ix_conversations_incomplete", "conversations", ["last_agent"],
        sqlite_where=sa.text("incomplete"), postgresql_where=sa.text("incomplete"),
    )  # fmt: skip
