"""Supervisors in calls; implements `appliance.domain.telephony.supervision.KeptSupervisions`."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, delete, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.domain.telephony.supervision import Rung, Supervision
from appliance.store.models import Base


class SupervisionRow(Base):
    """See `appliance.domain.telephony.supervision.Supervision`."""

    __tablename__ = "call_supervisions"

    conversation: Mapped[int] = mapped_column(
        ForeignKey("calls.conversation"), primary_key=True, autoincrement=False
    )
    agent: Mapped[int] = mapped_column(primary_key=True, autoincrement=False, index=True)
    rung: Mapped[str] = mapped_column(String(16))
    leg: Mapped[str] = mapped_column(String(64))
    spoken: Mapped[bool]
    ear: Mapped[str] = mapped_column(String(64))
    reached: Mapped[str] = mapped_column(String(16), server_default="")
    refused: Mapped[str] = mapped_column(String(16), server_default="")


class SqlSupervisions:
    """See the interface."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> list[Supervision]:
        """See the interface."""
        query = select(SupervisionRow).where(SupervisionRow.conversation == conversation)
        query = query.order_by(SupervisionRow.agent)
        return [_supervision(row) for row in self._session.scalars(query)]

    def all(self) -> list[Supervision]:
        """See the interface."""
        return [_supervision(row) for row in self._session.scalars(select(SupervisionRow))]

    def by(self, agent: int) -> list[Supervision]:
        """See the interface."""
        query = select(SupervisionRow).where(SupervisionRow.agent == agent)
        return [_supervision(row) for row in self._session.scalars(query)]

    def save(self, supervision: Supervision) -> None:
        """See the interface."""
        rungs = {name: getattr(supervision, name) or "" for name in ("reached", "refused")}
        self._session.merge(SupervisionRow(**{**vars(supervision), **rungs}))
        self._session.flush()

    def remove(self, supervision: Supervision) -> None:
        """See the interface."""
        self._session.execute(
            delete(SupervisionRow).where(
                SupervisionRow.conversation == supervision.conversation,
                SupervisionRow.agent == supervision.agent,
            )
        )


def _supervision(row: SupervisionRow) -> Supervision:
    return Supervision(
        row.conversation, row.agent, Rung(row.rung), row.leg, row.spoken, row.ear,
        Rung(row.reached) if row.reached else None, Rung(row.refused) if row.refused else None,
    )  # fmt: skip
