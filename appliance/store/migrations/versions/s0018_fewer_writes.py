"""What each message wrote and nobody read: three indices, and a topic's head beside its events."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """One transaction."""
    op.drop_index("ix_live_events_at", "live_events")
    op.drop_index("ix_events_at", "events")
    op.drop_index("ix_events_conversation", "events")
    # A topic's head is the newest of its events, or the newest that was removed.
    op.drop_column("live_topics", "head")
    op.execute(sa.text("DELETE FROM live_topics WHERE floor = 0"))
