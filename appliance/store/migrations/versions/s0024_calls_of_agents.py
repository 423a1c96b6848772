"""Calls that agents make: why one reached nobody; and how reports count them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """One transaction."""
    op.add_column("calls", sa.Column("outcome", sa.String(20), nullable=False, server_default=""))
    op.add_column(
        "report_contacts", sa.Column("called_out", sa.Integer(), nullable=False, server_default="0")
    )
