"""Who does what only one process may do: a row for each such thing, held until a moment.

A holder that dies is followed when its time is over; the moments are those of the nodes' own
clocks, which NTP keeps together.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import String, bindparam, delete, select, text
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.database import Database
from appliance.store.models import Base, Stamp
from appliance.store.quick import Quick

SILENT = "the switch is silent"  # the lease of that word, whoever keeps it


class LeaseRow(Base):
    """``holder``: which process, by its own unique name."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(64), primary_key=True)
    holder: Mapped[str] = mapped_column(String(200))
    until: Mapped[datetime] = mapped_column(Stamp)


class SqlLeases:
    """Taken and renewed by one conditional statement, so that two never hold one."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def take(self, name: str, holder: str, now: datetime, seconds: float) -> datetime:
        """Hold ``name`` for ``seconds`` from ``now``, when nobody else does.

        Answers until when it is held, durably; a moment that is not after ``now`` when another
        has it, which can be asked again at once.
        """
        until = now + timedelta(seconds=seconds)
        with self._database.line() as line:  # whoever stands by must not disturb the writer
            rows = HELD.rows(line, {"name": name})
        if rows and rows[0][0] != holder and rows[0][1] > now:
            return now
        asked = {"name": name, "holder": holder, "until": until, "now": now}
        with self._database.write_line() as line:
            return until if _TAKE.rows(line, asked) else now

    def keep_silence(self, now: datetime, seconds: float) -> None:
        """The telephones' switch is silent: so it counts for ``seconds``; with 0 no more."""
        if seconds:
            self.take(SILENT, "", now, seconds)
        else:
            self.give_back(SILENT, "")

    def give_back(self, name: str, holder: str) -> None:
        """Let the next one have it now; nothing when it is not ours."""
        with self._database.write() as session:
            session.execute(
                delete(LeaseRow).where(LeaseRow.name == name, LeaseRow.holder == holder)
            )


HELD = Quick(
    select(LeaseRow.holder, LeaseRow.until).where(LeaseRow.name == bindparam("name")),
    [String(), Stamp()],
    writes=False,
)
_TAKE = Quick(
    text(
        "INSERT INTO leases (name, holder, until) VALUES (:name, :holder, :until) "
        "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, until = excluded.until "
        "WHERE leases.holder = excluded.holder OR leases.until <= :now RETURNING name"
    ).bindparams(
        bindparam("name", type_=String()),
        bindparam("holder", type_=String()),
        bindparam("until", type_=Stamp()),
        bindparam("now", type_=Stamp()),
    ),
    writes=True,
)
