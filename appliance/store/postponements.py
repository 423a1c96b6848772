"""What was said at desks about updates that wait; see `appliance.domain.postponement`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.domain.postponement import Postponement
from appliance.store.database import Database
from appliance.store.models import Base, Stamp

_MOST = 200  # looked at; a few are said of one update


class PostponementRow(Base):
    """See `appliance.domain.postponement.Postponement`."""

    __tablename__ = "postponements"

    id: Mapped[int] = mapped_column(primary_key=True)
    release: Mapped[str] = mapped_column(String(200))
    at: Mapped[datetime] = mapped_column(Stamp)
    until: Mapped[datetime] = mapped_column(Stamp)
    who: Mapped[int]


class SqlPostponements:
    """Kept in the database, so that a restart forgets none."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def latest(self) -> list[Postponement]:
        """Newest first."""
        with self._database.read() as session:
            return _latest(session)

    def add(self, make: Callable[[Sequence[Postponement]], Postponement]) -> Postponement:
        """Keep what ``make`` answers to what was said before, in one transaction."""
        with self._database.write() as session:
            self._database.only_writer(session)
            made = make(_latest(session))
            session.add(PostponementRow(**vars(made)))
        return made


def _latest(session: Session) -> list[Postponement]:
    query = select(PostponementRow).order_by(PostponementRow.id.desc()).limit(_MOST)
    return [Postponement(row.release, row.at, row.until, row.who) for row in session.scalars(query)]
