"""Calls that we make: the number, and what became of its tries; and how reports count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """One transaction."""
    op.add_column("calls", sa.Column("number", sa.String(41), nullable=False, server_default=""))
    op.add_column(
        "calls", sa.Column("reached", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("calls", sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("calls", sa.Column("asked_by", sa.String(100), nullable=False, server_default=""))
    op.create_index(op.f("ix_calls_asked_by"), "calls", ["asked_by"])
    for name in ("called_back", "unreached", "left_menu"):
        op.add_column(
            "report_contacts", sa.Column(name, sa.Integer(), nullable=False, server_default="0")
        )
