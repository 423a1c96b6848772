"""The tables, as SQLAlchemy sees them; the steps that made them are in `migrations/versions`."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Dialect, MetaData, String, TypeDecorator, false
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from common.clock import parse_stamp, stamp


class Stamp(TypeDecorator[datetime]):
    """A moment as text (`common.clock.stamp`): sorts and compares alike in every database."""

    impl = String(24)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy's signature
        """To the database."""
        return None if value is None else stamp(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - SQLAlchemy's signature
        """From the database."""
        return None if value is None else parse_stamp(value)


class Base(DeclarativeBase):
    """All tables; constraints get names, so that later steps can change them anywhere."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class UserRow(Base):
    """See `appliance.domain.users.User`."""

    __tablename__ = "users"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(32))
    password_hash: Mapped[str] = mapped_column(String(200))
    must_change_password: Mapped[bool]
    generation: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(Stamp)
    last_sign_in: Mapped[datetime | None] = mapped_column(Stamp)
    team: Mapped[int | None]
    disabled: Mapped[bool] = mapped_column(server_default=false())


class AuditRow(Base):
    """See `appliance.domain.audit.AuditEntry`."""

    __tablename__ = "audit"

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Stamp, index=True)
    who: Mapped[str] = mapped_column(String(64))
    what: Mapped[str] = mapped_column(String(64))
    subject: Mapped[str] = mapped_column(String(200))
    address: Mapped[str] = mapped_column(String(64))
    hash: Mapped[str] = mapped_column(String(64))


class FailureRow(Base):
    """Wrong passwords in a row, by ``name:…`` or ``address:…``; see `common.web.accounts`."""

    __tablename__ = "sign_in_failures"

    subject: Mapped[str] = mapped_column(String(200), primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime] = mapped_column(Stamp)
    at: Mapped[datetime] = mapped_column(Stamp, index=True)
