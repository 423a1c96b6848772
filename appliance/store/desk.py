"""What agents see at one glance, read from the tables; implements `appliance.domain.desk.Desk`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from appliance.domain.contact import Identity
from appliance.domain.desk import Contact, Glance, Last, Used
from appliance.domain.records import Author, Conversation
from appliance.domain.work import UnknownError
from appliance.store.chat_models import AttachmentRow
from appliance.store.floor_models import (
    ContactRow,
    ConversationRow,
    IdentityRow,
    MessageRow,
)

_LATELY = 2000  # conversations that suggestions are taken from
_MOST_SUGGESTED = 50
_MOST_SHOWN = 200  # characters of a message in a list


class SqlDesk:
    """See `appliance.domain.desk.Desk`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def glances(self, conversations: Sequence[Conversation]) -> dict[int, Glance]:
        """By conversation; three questions, however many there are."""
        ids = [one.id for one in conversations]
        names = self.names({one.contact for one in conversations})
        last, since = self._last(ids), self._unanswered(ids)
        return {
            one.id: Glance(names.get(one.contact, ""), last.get(one.id), since.get(one.id))
            for one in conversations
        }

    def contact(self, id: int) -> Contact:  # noqa: A002
        """Raises UnknownError."""
        row = self._row(id)
        return Contact(row.id, row.name, row.created_at, frozenset(row.tags), row.note, row.fields)

    def save_contact(self, contact: Contact) -> None:
        """Replace what is kept."""
        row = self._row(contact.id)
        row.name, row.note, row.tags = contact.name, contact.note, sorted(contact.tags)
        row.fields = dict(contact.fields)

    def identities_of(self, contact: int) -> list[Identity]:
        """All of a contact's."""
        query = select(IdentityRow).where(IdentityRow.contact == contact)
        rows = self._session.scalars(query.order_by(IdentityRow.kind, IdentityRow.value))
        return [Identity(row.kind, row.value, row.sure) for row in rows]

    def history_of(self, contact: int, most: int) -> list[int]:
        """The numbers of the contact's newest conversations, newest first."""
        query = select(ConversationRow.id).where(ConversationRow.contact == contact)
        return list(self._session.scalars(query.order_by(ConversationRow.id.desc()).limit(most)))

    def used(self) -> Used:
        """In the newest conversations."""
        query = (
            select(ConversationRow.disposition, ConversationRow.tags)
            .order_by(ConversationRow.id.desc())
            .limit(_LATELY)
        )
        dispositions: Counter[str] = Counter()
        tags: Counter[str] = Counter()
        for disposition, tagged in self._session.execute(query):
            dispositions.update([disposition] if disposition else [])
            tags.update(tagged)
        return Used(
            [word for word, _ in dispositions.most_common(_MOST_SUGGESTED)],
            [word for word, _ in tags.most_common(_MOST_SUGGESTED)],
        )

    def _row(self, id: int) -> ContactRow:  # noqa: A002
        row = self._session.get(ContactRow, id)
        while row is not None and row.merged_into is not None:
            row = self._session.get(ContactRow, row.merged_into)
        if row is None:
            raise UnknownError("contact", id)
        return row

    def names(self, contacts: set[int]) -> dict[int, str]:
        """Of these contacts; empty for whoever did not say."""
        query = select(ContactRow.id, ContactRow.name).where(ContactRow.id.in_(contacts))
        return {row[0]: row[1] for row in self._session.execute(query)}

    def _last(self, ids: list[int]) -> dict[int, Last]:
        newest = (
            select(MessageRow.conversation, func.max(MessageRow.number).label("number"))
            .where(MessageRow.conversation.in_(ids), MessageRow.internal.is_(False))
            .group_by(MessageRow.conversation)
            .subquery()
        )
        query = (
            select(MessageRow, AttachmentRow.name)
            .join(
                newest,
                and_(
                    MessageRow.conversation == newest.c.conversation,
                    MessageRow.number == newest.c.number,
                ),
            )
            .outerjoin(AttachmentRow, AttachmentRow.id == MessageRow.attachment)
        )
        return {
            row.conversation: Last(
                Author(row.author), row.text[:_MOST_SHOWN], row.at, file or "", row.agent
            )
            for row, file in self._session.execute(query)
        }

    def _unanswered(self, ids: list[int]) -> dict[int, datetime]:
        answered = (
            select(MessageRow.conversation, func.max(MessageRow.number).label("number"))
            .where(
                MessageRow.conversation.in_(ids),
                MessageRow.author == Author.AGENT,
                MessageRow.internal.is_(False),
            )
            .group_by(MessageRow.conversation)
            .subquery()
        )
        query = (
            select(MessageRow.conversation, func.min(MessageRow.number).label("number"))
            .outerjoin(answered, MessageRow.conversation == answered.c.conversation)
            .where(
                MessageRow.conversation.in_(ids),
                MessageRow.author == Author.CONTACT,
                MessageRow.number > func.coalesce(answered.c.number, 0),
            )
            .group_by(MessageRow.conversation)
            .subquery()
        )
        first = select(MessageRow.conversation, MessageRow.at).join(
            query,
            and_(
                MessageRow.conversation == query.c.conversation,
                MessageRow.number == query.c.number,
            ),
        )
        return {row[0]: row[1] for row in self._session.execute(first)}
