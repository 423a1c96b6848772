"""Who does what only one process may do: a row for each such thing, held until a moment.

A holder that dies is followed when its time is over; the moments are those of the nodes' own
clocks, which NTP keeps together.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.database import Database
from appliance.store.models import Base, Stamp


class LeaseRow(Base):
    """``holder``: which process, by its own unique name."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime] = mapped_column(Stamp)


class SqlLeases:
    """Taken and renewed by one conditional update, so that two never hold one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, now: datetime, seconds: float) -> datetime:
        """Hold ``name`` for ``seconds`` from ``now``, when nobody else does.

        Answers until when it is held, durably; a moment that is not after ``now`` when another
        has it, which can be asked again at once.
        """
        until = now + timedelta(seconds=seconds)
        with self._database.read() as session:  # whoever stands by must not disturb the writer
            row = session.execute(
                select(LeaseRow.holder, LeaseRow.until).where(LeaseRow.name == name)
            ).one_or_none()
        if row is not None and row.holder != holder and row.until > now:
            return now
        try:
            with self._database.write() as session:
                if row is None:
                    session.add(LeaseRow(name=name, holder=holder, until=until))
                    return until
                mine = or_(LeaseRow.holder == holder, LeaseRow.until <= now)
                taken = session.scalar(
                    update(LeaseRow)
                    .where(LeaseRow.name == name, mine)
                    .values(holder=holder, until=until)
                    .returning(LeaseRow.name)
                )
                return until if taken else now
        except IntegrityError:  # another was the first to write the row
            return now

    def give_back(self, name: str, holder: str) -> None:
        """Let the next one have it now; nothing when it is not ours."""
        with self._database.write() as session:
            session.execute(
                delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder)
            )
