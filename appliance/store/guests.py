"""Guests' phones in calls; implements `appliance.domain.telephony.guests.KeptGuests`."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, delete, false, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.domain.telephony.guests import Guest
from appliance.store.models import Base


class GuestRow(Base):
    """See `appliance.domain.telephony.guests.Guest`."""

    __tablename__ = "call_guests"

    leg: Mapped[str] = mapped_column(String(64), primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("calls.conversation"), index=True)
    agent: Mapped[int | None]
    spoken: Mapped[bool]
    number: Mapped[str] = mapped_column(String(41), server_default="")
    blind: Mapped[bool] = mapped_column(server_default=false())
    leaving: Mapped[bool] = mapped_column(server_default=false())


class SqlGuests:
    """See the interface."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> list[Guest]:
        """See the interface."""
        query = select(GuestRow).where(GuestRow.conversation == conversation)
        return [_guest(row) for row in self._session.scalars(query.order_by(GuestRow.leg))]

    def legs(self) -> list[Guest]:
        """See the interface."""
        return [_guest(row) for row in self._session.scalars(select(GuestRow))]

    def save(self, guest: Guest) -> None:
        """See the interface."""
        self._session.merge(GuestRow(**vars(guest)))
        self._session.flush()

    def remove(self, guest: Guest) -> None:
        """See the interface."""
        self._session.execute(delete(GuestRow).where(GuestRow.leg == guest.leg))


def _guest(row: GuestRow) -> Guest:
    return Guest(
        row.conversation, row.agent, row.leg, row.spoken, row.number, row.blind, row.leaving
    )  # fmt: skip
