"""Canned replies in their table; implements `appliance.domain.canned.KeptCanned`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.domain.canned import Canned
from appliance.domain.work import UnknownError
from appliance.store.chat_models import CannedRow


class SqlCanned:
    """See `appliance.domain.canned.KeptCanned`."""

    def __init__(self, session: Session, now: datetime) -> None:
        self._session = session
        self._now = now

    def all(self) -> list[Canned]:
        """By shortcut."""
        query = select(CannedRow).order_by(CannedRow.shortcut)
        return [_canned(row) for row in self._session.scalars(query)]

    def one(self, id: int) -> Canned:  # noqa: A002
        """Raises UnknownError."""
        return _canned(self._row(id))

    def by_shortcut(self, shortcut: str) -> Canned | None:
        """The one with this shortcut."""
        query = select(CannedRow).where(CannedRow.shortcut == shortcut)
        row = self._session.scalar(query)
        return _canned(row) if row else None

    def save(self, canned: Canned) -> Canned:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        row = self._row(canned.id) if canned.id else CannedRow()
        row.shortcut, row.texts = canned.shortcut, dict(canned.texts)
        row.queue, row.changed_at = canned.queue, self._now
        self._session.add(row)
        self._session.flush()
        return replace(canned, id=row.id)

    def remove(self, id: int) -> None:  # noqa: A002
        """Raises UnknownError."""
        self._session.delete(self._row(id))
        self._session.flush()

    def _row(self, id: int) -> CannedRow:  # noqa: A002
        row = self._session.get(CannedRow, id)
        if row is None:
            raise UnknownError("canned reply", id)
        return row


def _canned(row: CannedRow) -> Canned:
    return Canned(row.id, row.shortcut, row.texts, row.queue)
