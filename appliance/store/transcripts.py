"""Transcripts by mail in their table; implements `appliance.domain.transcript.KeptTranscripts`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from appliance.domain.transcript import Transcript, TranscriptState
from appliance.domain.work import UnknownError
from appliance.store.chat_models import TranscriptRow


class SqlTranscripts:
    """See `appliance.domain.transcript.KeptTranscripts`."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def of(self, conversation: int) -> list[Transcript]:
        """All of one conversation, oldest first."""
        query = select(TranscriptRow).where(TranscriptRow.conversation == conversation)
        return [_transcript(row) for row in self._session.scalars(query.order_by(TranscriptRow.id))]

    def due(self, now: datetime, most: int) -> list[Transcript]:
        """Those to be tried at ``now``, the oldest first."""
        query = (
            select(TranscriptRow)
            .where(TranscriptRow.state == TranscriptState.WAITING, TranscriptRow.next_at <= now)
            .order_by(TranscriptRow.next_at, TranscriptRow.id)
            .limit(most)
        )
        return [_transcript(row) for row in self._session.scalars(query)]

    def one(self, id: int) -> Transcript:  # noqa: A002
        """Raises UnknownError."""
        return _transcript(self._row(id))

    def add(self, transcript: Transcript) -> Transcript:
        """Keep a new one; answers it with its id."""
        values = _values(transcript)
        del values["id"]
        row = TranscriptRow(**values)
        self._session.add(row)
        self._session.flush()
        return replace(transcript, id=row.id)

    def save(self, transcript: Transcript) -> None:
        """Replace what is kept."""
        row = self._row(transcript.id)
        for name, value in _values(transcript).items():
            setattr(row, name, value)

    def _row(self, id: int) -> TranscriptRow:  # noqa: A002
        row = self._session.get(TranscriptRow, id)
        if row is None:
            raise UnknownError("transcript", id)
        return row


def _values(transcript: Transcript) -> dict[str, Any]:
    return {**vars(transcript), "state": str(transcript.state)}


def _transcript(row: TranscriptRow) -> Transcript:
    values = {column.name: getattr(row, column.name) for column in row.__table__.columns}
    return Transcript(**{**values, "state": TranscriptState(row.state)})
