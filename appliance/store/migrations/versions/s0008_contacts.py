"""What agents note about a contact."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """One transaction."""
    with op.batch_alter_table("contacts") as contacts:
        contacts.add_column(sa.Column("tags", sa.JSON, nullable=False, server_default="[]"))
        contacts.add_column(sa.Column("note", sa.Text, nullable=False, server_default=""))
