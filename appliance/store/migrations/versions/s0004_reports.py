"""Sums of the events by quarter-hour, from which reports are read."""

from __future__ import annotations

from datetime import UTC, datetime

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """One transaction. Everything is counted from the first event on, by the program, in parts."""
    op.create_table(
        "report_contacts",
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("queue", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("channel", sa.String(32), primary_key=True),
        *_integers("arrived", "answered", "in_time", "abandoned", "short", "refused",
                   "transferred", "handled"),
        *_seconds("waited", "longest", "talk", "hold", "wrap"),
    )  # fmt: skip
    op.create_table(
        "report_agents",
        sa.Column("at", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("agent", sa.Integer, primary_key=True, autoincrement=False),
        *_integers("answered", "declined", "missed", "transferred", "handled"),
        *_seconds("talk", "hold", "wrap", "available", "away", "not_responding", "offered",
                  "busy", "wrap_up"),
    )  # fmt: skip
    op.create_table(
        "report_standing",
        sa.Column("kind", sa.String(16), primary_key=True),
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("form", sa.JSON, nullable=False),
    )
    op.create_table(
        "report_counted",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("event", sa.BigInteger, nullable=False),
    )
    _targets_of_today()


def _targets_of_today() -> None:
    """Reports know a queue's target from its events, which did not tell it before."""
    connection = op.get_bind()
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    queues = sa.table("queues", sa.column("id"), sa.column("name"), sa.column("form", sa.JSON))
    events = sa.table(
        "events", sa.column("at"), sa.column("kind"), sa.column("who"), sa.column("queue"),
        sa.column("data", sa.JSON),
    )  # fmt: skip
    for queue, name, form in connection.execute(sa.select(queues)).all():
        if target := form.get("target"):
            connection.execute(
                sa.insert(events).values(
                    at=at, kind="queue.set", who="system", queue=queue,
                    data={"name": name, "target": target},
                )
            )  # fmt: skip


def _integers(*names: str) -> list[sa.Column[int]]:
    return [sa.Column(name, sa.Integer, nullable=False) for name in names]


def _seconds(*names: str) -> list[sa.Column[float]]:
    return [sa.Column(name, sa.Double, nullable=False) for name in names]
