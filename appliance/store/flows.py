"""Flows, their versions, uploaded prompts; implements `appliance.domain.telephony.flow.Flows`."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import (
    JSON,
    Float,
    ForeignKey,
    LargeBinary,
    String,
    UniqueConstraint,
    delete,
    func,
    select,
)
from sqlalchemy.orm import Mapped, Session, deferred, mapped_column

from appliance.domain.refusals import anything
from appliance.domain.telephony.flow import Check, Draft, Recording, Running, Version
from appliance.domain.telephony.flow_form import read_flow
from appliance.domain.work import UnknownError
from appliance.store.database import Database
from appliance.store.models import Base, Stamp
from appliance.store.phones import NumberRow
from common.clock import Clock


class FlowRow(Base):
    """See `appliance.domain.telephony.flow.Draft`."""

    __tablename__ = "flows"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    draft: Mapped[dict[str, Any]] = mapped_column(JSON)
    version: Mapped[int | None]


class FlowVersionRow(Base):
    """See `appliance.domain.telephony.flow.Version`."""

    __tablename__ = "flow_versions"
    __table_args__ = (UniqueConstraint("flow", "number"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    flow: Mapped[int] = mapped_column(ForeignKey("flows.id"))
    number: Mapped[int]
    form: Mapped[dict[str, Any]] = mapped_column(JSON)
    at: Mapped[datetime] = mapped_column(Stamp)
    by: Mapped[str] = mapped_column(String(64))


class PromptRow(Base):
    """See `appliance.domain.telephony.flow.Recording`."""

    __tablename__ = "prompts"

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    seconds: Mapped[float] = mapped_column(Float)
    sha256: Mapped[str] = mapped_column(String(64))
    samples: Mapped[bytes] = deferred(mapped_column(LargeBinary, nullable=False))


class SqlFlows:
    """See the interface."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database, self._clock = database, clock
        self._running: dict[int, Running] = {}  # a version never changes

    def all(self) -> list[Draft]:
        """By name."""
        with self._database.read() as session:
            rows = session.scalars(select(FlowRow).order_by(FlowRow.name))
            return [_draft(session, row) for row in rows]

    def one(self, id: int) -> Draft:  # noqa: A002
        """Raises UnknownError."""
        with self._database.read() as session:
            return _draft(session, _row(session, id))

    def add(self, name: str, form: Mapping[str, object]) -> Draft:
        """See the interface."""
        with self._database.edit() as session:
            return _named(session, FlowRow(), name, form)

    def change(self, id: int, decide: Callable[[Draft], Draft]) -> Draft:  # noqa: A002
        """See the interface."""
        with self._database.edit() as session:
            row = _row(session, id)
            wanted = decide(_draft(session, row))
            return _named(session, row, wanted.name, wanted.form)

    def remove(self, id: int, check: Check) -> Draft:  # noqa: A002
        """Raises UnknownError, ValueError: a number leads to it."""
        with self._database.edit() as session:
            row = _row(session, id)
            gone = _draft(session, row)
            check(gone)
            number = session.scalar(select(NumberRow.number).where(NumberRow.flow == id))
            if number:
                raise ValueError(f"The number {number} leads to this flow; let it lead elsewhere")
            if row.version is not None:
                raise ValueError("A flow that was published is kept: calls name its versions")
            session.delete(row)
            return gone

    def publish(self, id: int, by: str, check: Check = anything) -> Draft:  # noqa: A002
        """See the interface."""
        with self._database.edit() as session:
            row = _row(session, id)
            check(_draft(session, row))
            of_flow = FlowVersionRow.flow == id
            newest = session.scalar(select(func.max(FlowVersionRow.number)).where(of_flow)) or 0
            made = FlowVersionRow(
                flow=id, number=newest + 1, form=row.draft, at=self._clock.now(), by=by
            )
            session.add(made)
            session.flush()
            row.version = made.id
            return _draft(session, row)

    def versions(self, id: int, before: int, most: int) -> list[Version]:  # noqa: A002
        """See the interface."""
        query = select(FlowVersionRow).where(FlowVersionRow.flow == id)
        if before:
            query = query.where(FlowVersionRow.number < before)
        with self._database.read() as session:
            rows = session.scalars(query.order_by(FlowVersionRow.number.desc()).limit(most))
            return [Version(row.id, row.number, row.form, row.at, row.by) for row in rows]

    def running(self, version: int) -> Running | None:
        """A version, by its id; None: there is none."""
        if version not in self._running:
            with self._database.read() as session:
                row = session.get(FlowVersionRow, version)
                if row is None:
                    return None
                name = _row(session, row.flow).name
                self._running[version] = Running(row.id, name, row.number, read_flow(row.form))
        return self._running[version]

    def published(self, flow: int) -> Running | None:
        """What callers of a flow hear now; None: it was never published."""
        with self._database.read() as session:
            version = session.scalar(select(FlowRow.version).where(FlowRow.id == flow))
        return None if version is None else self.running(version)

    def recordings(self) -> list[Recording]:
        """All uploaded prompts, by name."""
        with self._database.read() as session:
            rows = session.scalars(select(PromptRow).order_by(PromptRow.name))
            return [_recording(row) for row in rows]

    def add_recording(self, name: str, seconds: float, samples: bytes) -> Recording:
        """Keep one. Raises ValueError: the name is taken."""
        with self._database.write() as session:
            _free(session, PromptRow, name, 0)
            row = PromptRow(
                name=name, seconds=seconds, samples=samples,
                sha256=hashlib.sha256(samples).hexdigest(),
            )  # fmt: skip
            session.add(row)
            session.flush()
            return _recording(row)

    def samples(self, recording: int) -> bytes | None:
        """What is heard; None: it is gone."""
        with self._database.read() as session:
            return session.scalar(select(PromptRow.samples).where(PromptRow.id == recording))

    def remove_recording(self, recording: int) -> bool:
        """Whether it was there."""
        with self._database.write() as session:
            found = session.get(PromptRow, recording)
            if found is None:
                return False
            session.execute(delete(PromptRow).where(PromptRow.id == recording))
            return True


def _row(session: Session, id: int) -> FlowRow:  # noqa: A002
    row = session.get(FlowRow, id)
    if row is None:
        raise UnknownError("flow", id)
    return row


def _named(session: Session, row: FlowRow, name: str, form: Mapping[str, object]) -> Draft:
    _free(session, FlowRow, name, row.id or 0)
    row.name, row.draft = name, dict(form)
    session.add(row)
    session.flush()
    return _draft(session, row)


def _free(session: Session, table: type[FlowRow | PromptRow], name: str, mine: int) -> None:
    taken = session.scalar(select(table.id).where(table.name == name))
    if taken is not None and taken != mine:
        raise ValueError(f"The name {name!r} is taken; choose another one")


def _draft(session: Session, row: FlowRow) -> Draft:
    number = 0
    if row.version is not None:
        found = session.get(FlowVersionRow, row.version)
        number = found.number if found else 0
    return Draft(row.id, row.name, row.draft, row.version, number)


def _recording(row: PromptRow) -> Recording:
    return Recording(row.id, row.name, row.seconds, row.sha256)
