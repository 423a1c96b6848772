"""What a recording shows beside its sound: gaps, peaks, notes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """One transaction."""
    op.add_column("recordings", sa.Column("gaps", sa.JSON(), nullable=False, server_default="[]"))
    op.add_column("recordings", sa.Column("peaks", sa.LargeBinary(), nullable=True))
    op.create_table(
        "recording_notes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("recording", sa.Integer(), nullable=False),
        sa.Column("at", sa.Float(), nullable=False),
        sa.Column("text", sa.String(1000), nullable=False),
        sa.Column("agent", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.String(24), nullable=False),
        sa.ForeignKeyConstraint(
            ["recording"], ["recordings.id"], name=op.f("fk_recording_notes_recording_recordings")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recording_notes")),
    )
    op.create_index(op.f("ix_recording_notes_recording"), "recording_notes", ["recording"])
