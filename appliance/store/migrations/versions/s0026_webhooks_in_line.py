"""Webhooks are told in order, several events at once if they wish; the log is written after."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"


def upgrade() -> None:
    """One transaction. What was not told yet keeps its order, before all that is new."""
    one = sa.Column("batch_size", sa.Integer(), nullable=False, server_default="1")
    op.add_column("webhooks", one)
    op.add_column(
        "webhook_deliveries",
        sa.Column("in_line", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    deliveries = sa.table(
        "webhook_deliveries", sa.column("in_line", sa.Boolean), sa.column("due_at", sa.String)
    )
    op.execute(
        deliveries.update().where(deliveries.c.due_at.is_not(None)).values(in_line=sa.true())
    )
    op.drop_index("ix_webhook_deliveries_due_at", "webhook_deliveries")
    pending = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_webhook_deliveries_pending", "webhook_deliveries", ["webhook", "due_at"],
        sqlite_where=pending, postgresql_where=pending,
    )  # fmt: skip
