"""Desk phones and the numbers that are called; implements `appliance.domain.telephony.phones`."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String, bindparam, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.refusals import anything
from appliance.domain.telephony.phones import Check, Number, Phone
from appliance.store.database import Database
from appliance.store.models import Base
from appliance.store.record_rows import RecordRows


class PhoneRow(Base):
    """See `appliance.domain.telephony.phones.Phone`."""

    __tablename__ = "phones"

    extension: Mapped[str] = mapped_column(String(10), primary_key=True)
    agent: Mapped[int] = mapped_column(ForeignKey("users.id"), unique=True)
    digest: Mapped[str] = mapped_column(String(32))


class NumberRow(Base):
    """See `appliance.domain.telephony.phones.Number`."""

    __tablename__ = "numbers"

    number: Mapped[str] = mapped_column(String(41), primary_key=True)
    queue: Mapped[int] = mapped_column(ForeignKey("queues.id"))
    flow: Mapped[int | None]


_PHONES = RecordRows(PhoneRow, Phone, key="extension")  # asked for each call that rings
_NUMBERS = RecordRows(NumberRow, Number, key="number")  # and each that comes
_OF = _PHONES.which(PhoneRow.agent == bindparam("agent"), order=(PhoneRow.extension,))


class SqlPhones:
    """See `appliance.domain.telephony.phones.Phones`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def phones(self) -> list[Phone]:
        """All, by extension."""
        with self._database.read() as session:
            rows = session.scalars(select(PhoneRow).order_by(PhoneRow.extension))
            return [Phone(row.extension, row.agent, row.digest) for row in rows]

    def of(self, agent: int) -> list[Phone]:
        """The agent's."""
        with self._database.line() as line:
            return _PHONES.all(line, _OF, agent=agent)

    def keep_phone(self, phone: Phone) -> None:
        """The agent has this phone, and no other one; whoever had it has none."""
        with self._database.write() as session:
            session.execute(
                delete(PhoneRow).where(
                    (PhoneRow.agent == phone.agent) | (PhoneRow.extension == phone.extension)
                )
            )
            session.add(PhoneRow(**vars(phone)))

    def drop_phone(self, extension: str) -> bool:
        """Nobody has it any more; whether somebody had."""
        with self._database.write() as session:
            row = session.get(PhoneRow, extension)
            if row is None:
                return False
            session.delete(row)
            return True

    def numbers(self) -> list[Number]:
        """All, by number."""
        with self._database.read() as session:
            rows = session.scalars(select(NumberRow).order_by(NumberRow.number))
            return [_number(row) for row in rows]

    def number(self, called: str) -> Number | None:
        """Where it leads; None: it is not answered."""
        with self._database.line() as line:
            return _NUMBERS.one(line, called)

    def keep_number(self, number: Number, check: Check = anything) -> None:
        """Its callers wait in this queue from now on."""
        with self._database.edit() as session:
            before = session.get(NumberRow, number.number)
            check(_number(before) if before else None)
            session.merge(NumberRow(**vars(number)))

    def drop_number(self, number: str, check: Check = anything) -> bool:
        """It is answered no more; whether it was."""
        with self._database.edit() as session:
            row = session.get(NumberRow, number)
            if row is None:
                return False
            check(_number(row))
            session.delete(row)
            return True


def _number(row: NumberRow) -> Number:
    return Number(row.number, row.queue, row.flow)
