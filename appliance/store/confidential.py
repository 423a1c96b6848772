"""Values of confidential fields; implements `appliance.domain.confidential.KeptConfidential`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import String, Text, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.domain.confidential import Given
from appliance.domain.custom_fields import Subject, Value
from appliance.domain.work import UnknownError
from appliance.store.models import Base, Stamp
from common.vault import Vault

WHERE = "confidential_values/value/{}/{}/{}"


class ConfidentialRow(Base):
    """One value; ``value`` is its JSON, sealed for this subject, owner and key."""

    __tablename__ = "confidential_values"

    subject: Mapped[str] = mapped_column(String(16), primary_key=True)
    owner: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(String(40), primary_key=True)
    value: Mapped[str] = mapped_column(Text)
    given_at: Mapped[datetime | None] = mapped_column(Stamp)
    given_by: Mapped[int | None]


class SqlConfidential:
    """See the interface."""

    def __init__(self, session: Session, vault: Vault) -> None:
        self._session, self._vault = session, vault

    def keep(
        self, subject: Subject, owner: int, key: str, value: Value | None, given: Given
    ) -> None:
        """See the interface."""
        row = self._session.get(ConfidentialRow, (str(subject), owner, key))
        if value is None:
            if row is not None:
                self._session.delete(row)
        else:
            text = self._vault.seal(json.dumps(value), WHERE.format(subject, owner, key))
            if row is None:
                row = ConfidentialRow(subject=str(subject), owner=owner, key=key, value=text)
                self._session.add(row)
            row.value, row.given_at, row.given_by = text, given.at, given.by
        self._session.flush()

    def given(self, subject: Subject, owner: int) -> Mapping[str, Given]:
        """See the interface. What is sealed is another text each time, also of the same value."""
        row = ConfidentialRow
        query = select(row).where(row.subject == str(subject), row.owner == owner)
        return {
            one.key: Given(
                one.given_at, one.given_by, hashlib.sha256(one.value.encode()).hexdigest()[:20]
            )
            for one in self._session.scalars(query.order_by(row.key))
        }

    def show(self, subject: Subject, owner: int, key: str) -> Value:
        """See the interface."""
        row = self._session.get(ConfidentialRow, (str(subject), owner, key))
        if row is None:
            raise UnknownError("field", key)
        return self._opened(row)

    def merge(self, into: int, same: Sequence[int]) -> None:
        """See the interface. A value is bound to its owner, and so sealed anew for the other."""
        contact = str(Subject.CONTACT)
        mine = select(ConfidentialRow.key).where(
            ConfidentialRow.subject == contact, ConfidentialRow.owner == into
        )
        known = set(self._session.scalars(mine))
        theirs = select(ConfidentialRow).where(
            ConfidentialRow.subject == contact, ConfidentialRow.owner.in_(same)
        )
        for row in self._session.scalars(theirs.order_by(ConfidentialRow.owner)).all():
            if row.key not in known:
                known.add(row.key)
                given = Given(row.given_at, row.given_by)
                self.keep(Subject.CONTACT, into, row.key, self._opened(row), given)
            self._session.delete(row)
        self._session.flush()

    def _opened(self, row: ConfidentialRow) -> Value:
        where = WHERE.format(row.subject, row.owner, row.key)
        value: Value = json.loads(self._vault.open(row.value, where))
        return value
