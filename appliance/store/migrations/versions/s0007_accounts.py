"""Teams, second factors, sessions, what programs show, the blocklist, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_STAMP = sa.String(24)


def upgrade() -> None:
    """One transaction."""
    _people()
    _programs()
    op.create_table(
        "kept_answers",
        sa.Column("scope", sa.String(100), primary_key=True),
        sa.Column("key", sa.String(100), primary_key=True),
        sa.Column("asked", sa.String(64), nullable=False),
        sa.Column("status", sa.Integer, nullable=False),
        sa.Column("answer", sa.Text, nullable=False),
        sa.Column("at", _STAMP, nullable=False),
    )
    op.create_index("ix_kept_answers_at", "kept_answers", ["at"])
    op.create_table(
        "blocklist",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("value", sa.String(320), nullable=False),
        sa.Column("reason", sa.String(200), nullable=False),
        sa.Column("until", _STAMP),
        sa.Column("by", sa.String(64), nullable=False),
        sa.Column("at", _STAMP, nullable=False),
    )
    _webhooks()


def _people() -> None:
    op.create_table(
        "teams",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.UniqueConstraint("name", name="uq_teams_name"),
    )
    # Not by batch: SQLite would make the table anew, and what points to it would be in the way.
    op.add_column("users", sa.Column("team", sa.Integer))
    op.add_column(
        "users", sa.Column("disabled", sa.Boolean, nullable=False, server_default=sa.false())
    )
    op.create_table(
        "role_rules",
        sa.Column("role", sa.String(32), primary_key=True),
        sa.Column("second_factor", sa.Boolean, nullable=False),
    )
    op.create_table(
        "second_factors",
        sa.Column("user", sa.Integer, _to("second_factors", "user", "users"), primary_key=True,
                  autoincrement=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("confirmed_at", _STAMP),
        sa.Column("last_step", sa.Integer, nullable=False),
    )  # fmt: skip
    op.create_table(
        "recovery_codes",
        sa.Column("user", sa.Integer, _to("recovery_codes", "user", "users"), primary_key=True,
                  autoincrement=False),
        sa.Column("hash", sa.String(64), primary_key=True),
    )  # fmt: skip
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(43), primary_key=True),
        sa.Column("user", sa.Integer, _to("sessions", "user", "users"), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("began_at", _STAMP, nullable=False),
        sa.Column("seen_at", _STAMP, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("browser", sa.String(200), nullable=False),
    )
    op.create_index("ix_sessions_user", "sessions", ["user"])
    op.create_index("ix_sessions_began_at", "sessions", ["began_at"])


def _programs() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("user", sa.Integer, _to("api_keys", "user", "users"), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("created_at", _STAMP, nullable=False),
        sa.Column("expires_at", _STAMP),
        sa.Column("used_at", _STAMP),
        sa.Column("revoked_at", _STAMP),
    )
    op.create_index("ix_api_keys_user", "api_keys", ["user"])
    op.create_table(
        "token_families",
        sa.Column("id", sa.String(22), primary_key=True),
        sa.Column("user", sa.Integer, _to("token_families", "user", "users"), nullable=False),
        sa.Column("generation", sa.Integer, nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("scopes", sa.JSON, nullable=False),
        sa.Column("began_at", _STAMP, nullable=False),
        sa.Column("until", _STAMP, nullable=False),
        sa.Column("revoked_at", _STAMP),
        sa.Column("revoked_why", sa.String(32), nullable=False),
    )
    op.create_index("ix_token_families_user", "token_families", ["user"])
    op.create_index("ix_token_families_until", "token_families", ["until"])
    op.create_table(
        "refresh_tokens",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("family", sa.String(22), _to("refresh_tokens", "family", "token_families"),
                  nullable=False),
        sa.Column("issued_at", _STAMP, nullable=False),
        sa.Column("used_at", _STAMP),
    )  # fmt: skip
    op.create_index("ix_refresh_tokens_family", "refresh_tokens", ["family"])
    op.create_table(
        "signing_keys",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("private", sa.Text, nullable=False),
        sa.Column("created_at", _STAMP, nullable=False),
    )


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("url", sa.String(2000), nullable=False),
        sa.Column("secret", sa.Text, nullable=False),
        sa.Column("kinds", sa.JSON, nullable=False),
        sa.Column("active", sa.Boolean, nullable=False),
        sa.Column("cursor", sa.Integer, nullable=False),
        sa.Column("created_at", _STAMP, nullable=False),
        sa.Column("failing_since", _STAMP),
        sa.Column("disabled_why", sa.String(300), nullable=False),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", sa.Integer, primary_key=True),
        sa.Column("webhook", sa.String(16), _to("webhook_deliveries", "webhook", "webhooks"),
                  nullable=False),
        sa.Column("event", sa.Integer, nullable=False),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("made_at", _STAMP, nullable=False),
        sa.Column("due_at", _STAMP),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("answered", sa.Integer),
        sa.Column("trouble", sa.String(300), nullable=False),
        sa.Column("done_at", _STAMP),
    )  # fmt: skip
    for column in ("webhook", "made_at", "due_at"):
        op.create_index(f"ix_webhook_deliveries_{column}", "webhook_deliveries", [column])


def _to(table: str, column: str, other: str) -> sa.ForeignKey:
    return sa.ForeignKey(f"{other}.id", name=f"fk_{table}_{column}_{other}")
