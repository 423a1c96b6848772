"""Contacts in a transaction: a part of `appliance.store.work.SqlWork`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select, update

from appliance.domain.contact import Identity
from appliance.domain.desk import merged
from appliance.domain.work import UnknownError
from appliance.store.desk import SqlDesk
from appliance.store.floor_models import ContactRow, ConversationRow, IdentityRow
from appliance.store.in_transaction import InTransaction
from appliance.store.quick import Quick

_MOST_NAME = 200
_ADD_CONTACT = Quick(
    insert(ContactRow).returning(ContactRow.id),
    writes=True,
    columns=["name", "created_at", "tags", "note", "fields"],
)
_ADD_IDENTITY = Quick(insert(IdentityRow).inline(), writes=True)
_WHOSE = Quick(
    select(IdentityRow.sure, IdentityRow.contact).where(
        IdentityRow.kind == bindparam("kind"), IdentityRow.value == bindparam("value")
    ),
    [IdentityRow.sure.type, IdentityRow.contact.type],
    writes=False,
)
_LAST_AGENT = Quick(
    select(ConversationRow.last_agent)
    .where(ConversationRow.contact == bindparam("contact"), ConversationRow.last_agent.is_not(None))
    .order_by(ConversationRow.answered_at.desc())
    .limit(1),
    writes=False,
)


class Contacts(InTransaction):
    """See `appliance.domain.work.Work`."""

    def contacts_of(self, identities: Sequence[Identity]) -> dict[Identity, int]:
        """Which contact each belongs to; those that are unknown are missing."""
        found = {}
        for one in identities:
            for sure, contact in _WHOSE.rows(self._line, {"kind": one.kind, "value": one.value}):
                found[Identity(one.kind, one.value, sure)] = contact
        return found

    def add_contact(self, name: str) -> int:
        """Keep a new contact; its id."""
        values = {"name": name[:_MOST_NAME], "created_at": self._now, "tags": [], "note": "",
                  "fields": {}}  # fmt: skip
        number: int = _ADD_CONTACT.rows(self._line, values)[0][0]
        return number

    def add_identities(self, contact: int, identities: Sequence[Identity]) -> None:
        """They belong to ``contact`` from now on."""
        for one in identities:
            _ADD_IDENTITY.run(self._line, {**vars(one), "contact": contact})

    def merge_contacts(self, into: int, same: Sequence[int]) -> None:
        """Conversations and identities of ``same`` belong to ``into`` from now on."""
        session, desk = self.session, SqlDesk(self.session)
        for table, column in ((ConversationRow, "contact"), (IdentityRow, "contact")):
            session.execute(
                update(table).where(getattr(table, column).in_(same)).values({column: into})
            )
        self._known.clear()
        desk.save_contact(merged(desk.contact(into), [desk.contact(one) for one in sorted(same)]))
        session.flush()
        session.execute(update(ContactRow).where(ContactRow.id.in_(same)).values(merged_into=into))

    def contact_name(self, contact: int) -> str:
        """What they call themselves. Raises UnknownError."""
        row = self.session.get(ContactRow, contact)
        if row is None:
            raise UnknownError("contact", contact)
        return row.name

    def last_agent_of(self, contact: int) -> int | None:
        """Who spoke with the contact last."""
        rows = _LAST_AGENT.rows(self._line, {"contact": contact})
        return rows[0][0] if rows else None
