"""What the jobs of one transaction share; see `appliance.store.floor`."""

from __future__ import annotations

from sqlalchemy.orm import Session

from appliance.domain.records import Conversation
from appliance.store.live import Told, write_told
from appliance.store.quick import Line
from common.feed.storage import Fresh


class Group:
    """What the jobs of one transaction share.

    Attributes:
        line: its connection.
        conversations: those that were read or changed in it, as they are now.
        told: events of jobs that were done; written at the end, for all of them at once.
    """

    def __init__(self, session: Session) -> None:
        self.line = Line(session)
        self.conversations: dict[int, Conversation] = {}
        self.told: list[Told] = []

    def end(self) -> list[Fresh]:
        """Write what was told; to be called before the commit, whose news it answers."""
        return write_told(self.line, self.told)
