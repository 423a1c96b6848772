"""Why agents are away is kept with the other labels, and counted from now on.

What everybody could choose stays so.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"

_REASONS = {
    "break": ("Break", "小休"),
    "lunch": ("Lunch", "用餐"),
    "meeting": ("Meeting", "会议"),
    "training": ("Training", "培训"),
    "other": ("Other work", "其他工作"),
}


def upgrade() -> None:
    """One transaction."""
    op.create_table(
        "report_aways",
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agent", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("reason", sa.String(200), primary_key=True),
        sa.Column("away", sa.Double, nullable=False),
    )
    labels = sa.table(
        "labels", sa.column("kind", sa.String), sa.column("word", sa.String),
        sa.column("names", sa.JSON), sa.column("colour", sa.String), sa.column("queues", sa.JSON),
        sa.column("position", sa.Integer), sa.column("retired", sa.Boolean),
    )  # fmt: skip
    op.bulk_insert(
        labels,
        [
            {"kind": "away", "word": word, "names": {"en": english, "zh-CN": chinese},
             "colour": "grey", "queues": [], "position": position, "retired": False}
            for position, (word, (english, chinese)) in enumerate(_REASONS.items(), 1)
        ],
    )  # fmt: skip
