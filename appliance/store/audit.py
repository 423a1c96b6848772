"""The record of who did what; implements `appliance.domain.audit.Audit`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from sqlalchemy import func, select

from appliance.domain.audit import EVERYTHING, FIRST, AuditEntry, Wanted, chained
from appliance.store.database import Database
from appliance.store.models import AuditRow
from common.clock import Clock, parse_stamp, stamp

_BATCH = 1000


class SqlAudit:
    """Lines are only ever added; the database itself refuses to change or remove one."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, who: str, what: str, subject: str = "", address: str = "") -> None:
        """Add a line; returns after the commit."""
        at = parse_stamp(stamp(self._clock.now()))  # as it will be read again
        bare = AuditEntry(at, who[:64], what, subject[:200], address[:64])
        with self._database.write() as session:
            self._database.only_writer(session)
            last = session.scalars(select(AuditRow).order_by(AuditRow.id.desc()).limit(1)).first()
            entry = replace(bare, number=last.id + 1 if last else 1)
            session.add(
                AuditRow(
                    id=entry.number, at=at, who=entry.who, what=what, subject=entry.subject,
                    address=entry.address, hash=chained(entry, last.hash if last else FIRST),
                )
            )  # fmt: skip

    def latest(self, most: int, before: int = 0, wanted: Wanted = EVERYTHING) -> list[AuditEntry]:
        """The newest lines below number ``before`` (0: of all), newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(most)
        if before:
            query = query.where(AuditRow.id < before)
        if wanted.who:
            query = query.where(
                func.lower(AuditRow.who).contains(wanted.who.lower(), autoescape=True)
            )
        if wanted.what:
            query = query.where(AuditRow.what.startswith(wanted.what, autoescape=True))
        if wanted.since:
            query = query.where(AuditRow.at >= wanted.since)
        if wanted.until:
            query = query.where(AuditRow.at < wanted.until)
        with self._database.read() as session:
            return [_entry(row) for row in session.scalars(query)]

    def everything(self) -> Iterator[AuditEntry]:
        """All lines, oldest first, read in parts."""
        after = 0
        while True:
            query = select(AuditRow).where(AuditRow.id > after).order_by(AuditRow.id).limit(_BATCH)
            with self._database.read() as session:
                found = [_entry(row) for row in session.scalars(query)]
            yield from found
            if len(found) < _BATCH:
                return
            after = found[-1].number


def _entry(row: AuditRow) -> AuditEntry:
    return AuditEntry(row.at, row.who, row.what, row.subject, row.address, row.id, row.hash)
