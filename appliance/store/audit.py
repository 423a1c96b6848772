"""The record of who did what; implements `appliance.domain.audit.Audit`."""

from __future__ import annotations

from sqlalchemy import select

from appliance.domain.audit import AuditEntry
from appliance.store.database import Database
from appliance.store.models import AuditRow
from common.clock import Clock


class SqlAudit:
    """Lines are only ever added."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def record(self, who: str, what: str, subject: str = "", address: str = "") -> None:
        """Add a line; returns after the commit."""
        with self._database.write() as session:
            session.add(
                AuditRow(
                    at=self._clock.now(),
                    who=who[:64],
                    what=what,
                    subject=subject[:200],
                    address=address[:64],
                )
            )

    def latest(self, most: int) -> list[AuditEntry]:
        """The newest lines, newest first."""
        query = select(AuditRow).order_by(AuditRow.id.desc()).limit(most)
        with self._database.read() as session:
            return [
                AuditEntry(row.at, row.who, row.what, row.subject, row.address)
                for row in session.scalars(query)
            ]
