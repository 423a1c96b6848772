"""The tables around accounts: teams, second factors, sessions, what programs show."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.models import Base, Stamp


class TeamRow(Base):
    """See `appliance.domain.users.Team`."""

    __tablename__ = "teams"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(100), unique=True)


class RoleRow(Base):
    """What an administrator wants of a role."""

    __tablename__ = "role_rules"

    role: Mapped[str] = mapped_column(String(32), primary_key=True)
    second_factor: Mapped[bool]


class SecondFactorRow(Base):
    """One user's secret, sealed; it counts once ``confirmed_at`` is set.

    ``last_step``: the time step of the last code that was taken; no older one is taken again.
    """

    __tablename__ = "second_factors"

    user: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(Text)
    confirmed_at: Mapped[datetime | None] = mapped_column(Stamp)
    last_step: Mapped[int]


class RecoveryRow(Base):
    """A recovery code that was not used yet, by its hash."""

    __tablename__ = "recovery_codes"

    user: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, autoincrement=False)
    hash: Mapped[str] = mapped_column(String(64), primary_key=True)


class SessionRow(Base):
    """See `common.web.sessions.Session`; ended with its row, or when the generation is another."""

    __tablename__ = "sessions"

    id: Mapped[str] = mapped_column(String(43), primary_key=True)
    user: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    generation: Mapped[int]
    began_at: Mapped[datetime] = mapped_column(Stamp, index=True)
    seen_at: Mapped[datetime] = mapped_column(Stamp)
    address: Mapped[str] = mapped_column(String(64))
    browser: Mapped[str] = mapped_column(String(200))


class ApiKeyRow(Base):
    """See `appliance.domain.programs.ApiKey`; the key itself is kept as its hash alone."""

    __tablename__ = "api_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    user: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str] = mapped_column(String(100))
    hash: Mapped[str] = mapped_column(String(64))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(Stamp)
    expires_at: Mapped[datetime | None] = mapped_column(Stamp)
    used_at: Mapped[datetime | None] = mapped_column(Stamp)
    revoked_at: Mapped[datetime | None] = mapped_column(Stamp)


class TokenFamilyRow(Base):
    """One sign-in of a program: all refresh tokens that followed from it."""

    __tablename__ = "token_families"

    id: Mapped[str] = mapped_column(String(22), primary_key=True)
    user: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    generation: Mapped[int]
    name: Mapped[str] = mapped_column(String(100))
    scopes: Mapped[list[str]] = mapped_column(JSON)
    began_at: Mapped[datetime] = mapped_column(Stamp)
    until: Mapped[datetime] = mapped_column(Stamp, index=True)
    revoked_at: Mapped[datetime | None] = mapped_column(Stamp)
    revoked_why: Mapped[str] = mapped_column(String(32))


class RefreshTokenRow(Base):
    """A refresh token, by its hash; ``used_at`` is set when it was exchanged for the next one."""

    __tablename__ = "refresh_tokens"

    hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    family: Mapped[str] = mapped_column(ForeignKey("token_families.id"), index=True)
    issued_at: Mapped[datetime] = mapped_column(Stamp)
    used_at: Mapped[datetime | None] = mapped_column(Stamp)


class SigningKeyRow(Base):
    """An Ed25519 key that signs access tokens, sealed."""

    __tablename__ = "signing_keys"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    private: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Stamp)


class AnswerRow(Base):
    """What a creation with an ``Idempotency-Key`` was answered; ``status`` 0: not yet."""

    __tablename__ = "kept_answers"

    scope: Mapped[str] = mapped_column(String(100), primary_key=True)
    key: Mapped[str] = mapped_column(String(100), primary_key=True)
    asked: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    answer: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Stamp, index=True)


class BlockRow(Base):
    """See `appliance.domain.blocklist.Block`."""

    __tablename__ = "blocklist"

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(16))
    value: Mapped[str] = mapped_column(String(320))
    reason: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime | None] = mapped_column(Stamp)
    by: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime] = mapped_column(Stamp)


class WebhookRow(Base):
    """See `appliance.domain.webhooks.Webhook`; ``secret`` is sealed."""

    __tablename__ = "webhooks"

    id: Mapped[str] = mapped_column(String(16), primary_key=True)
    name: Mapped[str] = mapped_column(String(100))
    url: Mapped[str] = mapped_column(String(2000))
    secret: Mapped[str] = mapped_column(Text)
    kinds: Mapped[list[Any]] = mapped_column(JSON)
    active: Mapped[bool]
    cursor: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Stamp)
    failing_since: Mapped[datetime | None] = mapped_column(Stamp)
    disabled_why: Mapped[str] = mapped_column(String(300))
    batch_size: Mapped[int]


class DeliveryRow(Base):
    """See `appliance.domain.webhooks.Delivery`; ``in_line``: those behind it wait for it."""

    __tablename__ = "webhook_deliveries"
    # The log is long, and what is not done is little.
    __table_args__ = (
        Index(
            "ix_webhook_deliveries_pending", "webhook", "due_at",
            sqlite_where=text("due_at IS NOT NULL"), postgresql_where=text("due_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[int] = mapped_column(primary_key=True)
    webhook: Mapped[str] = mapped_column(ForeignKey("webhooks.id"), index=True)
    event: Mapped[int]
    kind: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(Stamp, index=True)
    due_at: Mapped[datetime | None] = mapped_column(Stamp)
    in_line: Mapped[bool]
    attempts: Mapped[int]
    answered: Mapped[int | None]
    trouble: Mapped[str] = mapped_column(String(300))
    done_at: Mapped[datetime | None] = mapped_column(Stamp)
