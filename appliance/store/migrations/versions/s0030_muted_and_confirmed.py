"""Phones that the switch mutes, and the rung of a supervisor that the switch has confirmed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0029"


def upgrade() -> None:
    """One transaction."""
    op.add_column("calls", sa.Column("muted", sa.JSON(), nullable=False, server_default="[]"))
    for name in ("reached", "refused"):
        op.add_column(
            "call_supervisions",
            sa.Column(name, sa.String(16), nullable=False, server_default=""),
        )
