"""What the jobs of one transaction share; see `appliance.store.floor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from appliance.store.floor_models import EventRow
from appliance.store.known import Known
from appliance.store.live import Told, write_told
from appliance.store.quick import WROTE, Line, Rows
from common.feed.storage import Fresh

_EVENTS = Rows(
    "events", {column.name: column.type for column in EventRow.__table__.columns
               if column.name != "id"},
)  # fmt: skip


class Group:
    """What the jobs of one transaction share.

    Args:
        line: its connection.
        open_session: a session in the transaction, opened for the first job that asks for one.

    Attributes:
        line: its connection.
        known: what was read or changed in it.
        events: of jobs that were done, as their table has them.
        told: the same for the feed; both are written at the end, for all jobs at once.
    """

    def __init__(
        self,
        line: Line,
        open_session: Callable[[], Session],
        known: Known | None = None,
    ) -> None:
        self.line = line
        self._open_session = open_session
        self._session: Session | None = None
        self.known = known or Known()
        self.events: list[dict[str, Any]] = []
        self.told: list[Told] = []

    @property
    def session(self) -> Session:
        """For what is done seldom: opening it costs more than a message."""
        if self._session is None:
            self._session = self._open_session()
        return self._session

    @property
    def changed(self) -> bool:
        """Whether anything was changed since ``line.wrote`` was set to False."""
        session = self._session
        return bool(self.line.info.get(WROTE)) or bool(
            session and (session.new or session.dirty or session.deleted)
        )

    def flush(self) -> None:
        """Write what a session still holds."""
        if self._session is not None:
            self._session.flush()

    def end(self) -> list[Fresh]:
        """Write what happened; to be called before the commit, whose news it answers."""
        _EVENTS.add(self.line, self.events)
        return write_told(self.line, self.told)
