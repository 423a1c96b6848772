"""What is known of the files of conversations; the bytes are in `appliance.store.files`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from appliance.domain.attachment import Attachment
from appliance.domain.work import UnknownError
from appliance.store.chat_models import AttachmentRow
from appliance.store.floor_models import MessageRow


class SqlAttachments:
    """See `appliance.domain.attachment.KeptAttachments`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def one(self, id: str) -> Attachment:  # noqa: A002
        """Raises UnknownError."""
        row = self._session.get(AttachmentRow, id)
        if row is None:
            raise UnknownError("attachment", id)
        return _attachment(row)

    def of(self, ids: Sequence[str]) -> dict[str, Attachment]:
        """Those of ``ids``, by id."""
        if not ids:
            return {}
        rows = self._session.scalars(select(AttachmentRow).where(AttachmentRow.id.in_(ids)))
        return {row.id: _attachment(row) for row in rows}

    def add(self, attachment: Attachment) -> None:
        """Keep it."""
        self._session.add(AttachmentRow(**vars(attachment)))
        self._session.flush()

    def internal(self, id: str) -> bool:  # noqa: A002
        """Whether it came with a note that the contact never sees."""
        query = (
            select(MessageRow.internal)
            .join(AttachmentRow, AttachmentRow.conversation == MessageRow.conversation)
            .where(AttachmentRow.id == id, MessageRow.attachment == id)
        )
        return self._session.scalar(query) is not False

    def count(self, conversation: int) -> int:
        """How many the conversation has."""
        query = select(func.count()).where(AttachmentRow.conversation == conversation)
        return self._session.scalar(query) or 0

    def known(self, ids: Sequence[str]) -> set[str]:
        """Those of ``ids`` that have a row."""
        query = select(AttachmentRow.id).where(AttachmentRow.id.in_(ids))
        return set(self._session.scalars(query)) if ids else set()


def _attachment(row: AttachmentRow) -> Attachment:
    return Attachment(
        row.id, row.conversation, row.name, row.type, row.size, row.sha256, row.at, row.key
    )  # fmt: skip
