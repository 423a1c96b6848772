"""What each part of `appliance.store.work.SqlWork` has: its transaction and its moment."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from appliance.store.group import Group
from appliance.store.known import Known
from appliance.store.quick import Line


class InTransaction:
    """Shared by the parts."""

    def __init__(self, group: Group, now: datetime) -> None:
        self._group = group
        self._line: Line = group.line
        self._now = now

    @property
    def line(self) -> Line:
        """Its connection."""
        return self._line

    @property
    def session(self) -> Session:
        """A session in it, for what is done seldom."""
        return self._group.session

    @property
    def now(self) -> datetime:
        """The moment of everything that is done in it."""
        return self._now

    @property
    def _known(self) -> Known:
        return self._group.known
