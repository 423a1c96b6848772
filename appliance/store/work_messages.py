"""What was said, in a transaction: a part of `appliance.store.work.SqlWork`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import bindparam, insert, select

from appliance.domain.records import Author, Message
from appliance.store.attachment_rows import SqlAttachments
from appliance.store.floor_models import MessageRow
from appliance.store.in_transaction import InTransaction
from appliance.store.quick import Quick
from appliance.store.record_rows import values_of

_KNOWN_KEY = Quick(
    select(MessageRow.number).where(
        MessageRow.conversation == bindparam("conversation"), MessageRow.key == bindparam("key")
    ),
    writes=False,
)
_ADD = Quick(insert(MessageRow).inline(), writes=True)


class Messages(InTransaction):
    """See `appliance.domain.work.Work`."""

    def message(self, conversation: int, key: str) -> Message | None:
        """The message with the sender's key ``key``."""
        if not _KNOWN_KEY.rows(self._line, {"conversation": conversation, "key": key}):
            return None
        row = self.session.scalar(
            select(MessageRow).where(MessageRow.conversation == conversation, MessageRow.key == key)
        )
        return self._with_files([row])[0] if row else None

    def messages(self, conversation: int, after: int = 0, most: int = 200) -> list[Message]:
        """At most ``most`` messages that follow number ``after``, in order."""
        query = (
            select(MessageRow)
            .where(MessageRow.conversation == conversation, MessageRow.number > after)
            .order_by(MessageRow.number)
            .limit(most)
        )
        return self._with_files(list(self.session.scalars(query)))

    def add_message(self, message: Message) -> None:
        """Keep it."""
        file = message.attachment and message.attachment.id
        _ADD.run(self._line, {**values_of(message), "attachment": file})

    def _with_files(self, rows: Sequence[MessageRow]) -> list[Message]:
        files = SqlAttachments(self.session).of([row.attachment for row in rows if row.attachment])
        return [
            Message(
                row.conversation, row.number, row.key, Author(row.author), row.text, row.at,
                row.agent, row.internal, files.get(row.attachment or ""),
            )
            for row in rows
        ]  # fmt: skip
