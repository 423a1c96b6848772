"""The keys of files, sealed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """One transaction."""
    op.add_column("attachments", sa.Column("key", sa.Text(), nullable=False, server_default=""))
