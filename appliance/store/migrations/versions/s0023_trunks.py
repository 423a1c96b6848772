"""Trunks that we register with."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "trunks",
        sa.Column("name", sa.String(31), nullable=False),
        sa.Column("server", sa.String(262), nullable=False),
        sa.Column("user", sa.String(100), nullable=False),
        sa.Column("secret", sa.Text(), nullable=False),
        sa.Column("number", sa.String(41), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_trunks")),
    )
