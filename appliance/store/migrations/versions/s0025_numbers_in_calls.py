"""Numbers outside as guests in calls, and calls that go on with them alone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """One transaction."""
    with op.batch_alter_table("call_guests") as guests:
        guests.alter_column("agent", existing_type=sa.Integer(), nullable=True)
        guests.add_column(sa.Column("number", sa.String(41), nullable=False, server_default=""))
        for name in ("blind", "leaving"):
            guests.add_column(
                sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
            )
    for name, length in (("missed", 41), ("missed_why", 20), ("onward", 64)):
        op.add_column(
            "calls", sa.Column(name, sa.String(length), nullable=False, server_default="")
        )
