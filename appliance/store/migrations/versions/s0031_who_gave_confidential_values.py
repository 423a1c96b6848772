"""Who filled in a confidential value, and when; of those from before nobody knows."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0030"


def upgrade() -> None:
    """One transaction."""
    op.add_column("confidential_values", sa.Column("given_at", sa.String(24), nullable=True))
    op.add_column("confidential_values", sa.Column("given_by", sa.Integer(), nullable=True))
