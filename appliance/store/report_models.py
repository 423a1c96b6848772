"""Sums by quarter-hour, what is not over yet, and how far the events are counted."""

from __future__ import annotations

from typing import Annotated, Any

from sqlalchemy import JSON, BigInteger, Double, String
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.models import Base

Seconds = Annotated[float, mapped_column(Double)]


class ContactSumsRow(Base):
    """See `appliance.domain.service_level.Contacts`; ``at``: its begin in seconds of the epoch."""

    __tablename__ = "report_contacts"

    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    queue: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    channel: Mapped[str] = mapped_column(String(32), primary_key=True)
    arrived: Mapped[int]
    answered: Mapped[int]
    in_time: Mapped[int]
    abandoned: Mapped[int]
    short: Mapped[int]
    refused: Mapped[int]
    transferred: Mapped[int]
    waited: Mapped[Seconds]
    longest: Mapped[Seconds]
    handled: Mapped[int]
    talk: Mapped[Seconds]
    hold: Mapped[Seconds]
    wrap: Mapped[Seconds]
    called_back: Mapped[int] = mapped_column(server_default="0")
    unreached: Mapped[int] = mapped_column(server_default="0")
    left_menu: Mapped[int] = mapped_column(server_default="0")
    called_out: Mapped[int] = mapped_column(server_default="0")


class AgentSumsRow(Base):
    """See `appliance.domain.reports.sums.Times`."""

    __tablename__ = "report_agents"

    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    agent: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    answered: Mapped[int]
    declined: Mapped[int]
    missed: Mapped[int]
    transferred: Mapped[int]
    handled: Mapped[int]
    talk: Mapped[Seconds]
    hold: Mapped[Seconds]
    wrap: Mapped[Seconds]
    available: Mapped[Seconds]
    away: Mapped[Seconds]
    not_responding: Mapped[Seconds]
    offered: Mapped[Seconds]
    busy: Mapped[Seconds]
    wrap_up: Mapped[Seconds]


class AwaySumsRow(Base):
    """See `appliance.domain.reports.sums.Away`."""

    __tablename__ = "report_aways"

    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    agent: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reason: Mapped[str] = mapped_column(String(200), primary_key=True)
    away: Mapped[Seconds]


class StandingRow(Base):
    """What is not over: see `appliance.domain.reports.fold`; ``kind`` is that of its records."""

    __tablename__ = "report_standing"

    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    form: Mapped[dict[str, Any]] = mapped_column(JSON)


class CountedRow(Base):
    """One row: the id of the last event that is in the sums."""

    __tablename__ = "report_counted"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    event: Mapped[int] = mapped_column(BigInteger)
