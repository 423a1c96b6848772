"""Calls in a transaction; implements `appliance.domain.telephony.call.KeptCalls`."""

from __future__ import annotations

from dataclasses import fields
from datetime import datetime

from sqlalchemy import ForeignKey, String, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.domain.telephony.call import Call
from appliance.store.models import Base, Stamp

_FIELDS = [field.name for field in fields(Call)]


class CallRow(Base):
    """See `appliance.domain.telephony.call.Call`."""

    __tablename__ = "calls"

    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), primary_key=True)
    channel: Mapped[str] = mapped_column(String(100), unique=True)
    leg: Mapped[str] = mapped_column(String(64))
    leg_agent: Mapped[int | None]
    spoken: Mapped[bool]
    over: Mapped[bool] = mapped_column(index=True)
    version: Mapped[int | None]
    step: Mapped[str] = mapped_column(String(64), server_default="")
    tries: Mapped[int] = mapped_column(server_default="0")
    private_since: Mapped[datetime | None] = mapped_column(Stamp)
    private_until: Mapped[datetime | None] = mapped_column(Stamp)
    number: Mapped[str] = mapped_column(String(41), server_default="")
    reached: Mapped[bool] = mapped_column(server_default=false())
    attempts: Mapped[int] = mapped_column(server_default="0")
    asked_by: Mapped[str] = mapped_column(String(100), server_default="", index=True)


class SqlCalls:
    """See the interface."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> Call | None:
        """See the interface."""
        row = self._session.get(CallRow, conversation)
        return _call(row) if row else None

    def by_channel(self, channel: str) -> Call | None:
        """See the interface."""
        row = self._session.scalar(
            select(CallRow).where((CallRow.channel == channel) | (CallRow.asked_by == channel))
        )
        return _call(row) if row else None

    def going_on(self) -> list[Call]:
        """See the interface."""
        query = select(CallRow).where(CallRow.over.is_(False)).order_by(CallRow.conversation)
        return [_call(row) for row in self._session.scalars(query)]

    def save(self, call: Call) -> None:
        """See the interface."""
        row = self._session.get(CallRow, call.conversation)
        if row is None:
            self._session.add(CallRow(**vars(call)))
        else:
            for name, value in vars(call).items():
                setattr(row, name, value)
        self._session.flush()


def _call(row: CallRow) -> Call:
    return Call(**{name: getattr(row, name) for name in _FIELDS})
