"""Conversations that were set aside."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """One transaction."""
    op.add_column("conversations", sa.Column("snoozed_until", sa.String(24), nullable=True))
    op.add_column(
        "conversations", sa.Column("woken", sa.String(16), server_default="", nullable=False)
    )
