"""Recordings, sealed in files; implements `appliance.services.telephony.kept_recordings`."""

from __future__ import annotations

import base64
import wave
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sqlalchemy import Float, ForeignKey, String, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.telephony.recording import CallRecording, Stage, What
from appliance.domain.work import UnknownError
from appliance.store.database import Database
from appliance.store.models import Base, Stamp
from common.clock import Clock
from common.sealed_file import new_key, read_sealed, seal_file
from common.vault import Vault

WHERE = "recordings/secret/{}"
_WAV_HEAD = 44  # bytes


class RecordingRow(Base):
    """See `appliance.domain.telephony.recording.CallRecording`; ``secret`` is the file's key."""

    __tablename__ = "recordings"

    id: Mapped[int] = mapped_column(primary_key=True)
    conversation: Mapped[int] = mapped_column(ForeignKey("conversations.id"), index=True)
    what: Mapped[str] = mapped_column(String(16))
    name: Mapped[str] = mapped_column(String(64), unique=True)
    begun_at: Mapped[datetime] = mapped_column(Stamp)
    stage: Mapped[str] = mapped_column(String(16), index=True)
    seconds: Mapped[float] = mapped_column(Float)
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    secret: Mapped[str] = mapped_column(String(200))


class SqlRecordings:
    """See the interface.

    Args:
        database: migrated.
        vault: seals each file's key.
        folder: of the sealed files.
        clock: the moment.
    """

    def __init__(self, database: Database, vault: Vault, folder: Path, clock: Clock) -> None:
        self._database, self._vault, self._folder, self._clock = database, vault, folder, clock

    def begin(self, conversation: int, what: What, name: str) -> CallRecording:
        """See the interface."""
        with self._database.write() as session:
            row = session.scalar(select(RecordingRow).where(RecordingRow.name == name))
            if row is None:
                row = RecordingRow(
                    conversation=conversation, what=what, name=name, begun_at=self._clock.now(),
                    stage=Stage.RECORDING, seconds=0.0, size=0, sha256="", secret="",
                )  # fmt: skip
                session.add(row)
                session.flush()
            return _recording(row)

    def of(self, conversation: int) -> list[CallRecording]:
        """All of a conversation, oldest first."""
        query = select(RecordingRow).where(RecordingRow.conversation == conversation)
        with self._database.read() as session:
            return [_recording(row) for row in session.scalars(query.order_by(RecordingRow.id))]

    def one(self, id: int) -> CallRecording:  # noqa: A002
        """Raises UnknownError."""
        with self._database.read() as session:
            row = session.get(RecordingRow, id)
            if row is None:
                raise UnknownError("recording", id)
            return _recording(row)

    def keep(self, recording: CallRecording, wav: Path | None) -> CallRecording:
        """See the interface.

        The sealed file is there before the row names it, and the plain one until it does: killed in
        between, it is done once more.
        """
        if wav is None or not wav.exists() or wav.stat().st_size <= _WAV_HEAD:
            return self._set(recording.id, stage=Stage.LOST)
        seconds = _seconds(wav)
        key = new_key()
        with wav.open("rb") as plain:
            size, digest = seal_file(plain, self._path(recording.id), key)
        where = WHERE.format(recording.id)
        secret = self._vault.seal(base64.b64encode(key).decode(), where)
        kept = self._set(
            recording.id, stage=Stage.KEPT, seconds=seconds, size=size, sha256=digest,
            secret=secret,
        )  # fmt: skip
        wav.unlink(missing_ok=True)
        return kept

    def sound(self, recording: CallRecording, first: int, last: int) -> Iterator[bytes]:
        """See the interface."""
        with self._database.read() as session:
            row = session.get(RecordingRow, recording.id)
            if row is None or row.stage != Stage.KEPT:
                raise UnknownError("recording", recording.id)
            secret = row.secret
        key = base64.b64decode(self._vault.open(secret, WHERE.format(recording.id)))
        return read_sealed(self._path(recording.id), key, recording.size, first, last)

    def unfinished(self) -> list[CallRecording]:
        """Those of which the switch has not told the end."""
        return self._found(Stage.RECORDING)

    def forget(self, before: datetime) -> int:
        """The row says so before the file goes; a file that a kill left is removed next time."""
        for one in self._found(Stage.KEPT, before):
            self._set(one.id, stage=Stage.GONE, secret="")
        gone = 0
        for one in self._found(Stage.GONE):
            path = self._path(one.id)
            if path.exists():
                path.unlink()
                gone += 1
        return gone

    def _found(self, stage: Stage, before: datetime | None = None) -> list[CallRecording]:
        query = select(RecordingRow).where(RecordingRow.stage == stage)
        if before is not None:
            query = query.where(RecordingRow.begun_at < before)
        with self._database.read() as session:
            return [_recording(row) for row in session.scalars(query.order_by(RecordingRow.id))]

    def _set(self, id: int, **values: object) -> CallRecording:  # noqa: A002
        with self._database.write() as session:
            row = session.get(RecordingRow, id)
            if row is None:
                raise UnknownError("recording", id)
            for name, value in values.items():
                setattr(row, name, value)
            session.flush()
            return _recording(row)

    def _path(self, id: int) -> Path:  # noqa: A002
        return self._folder / f"{id // 1000:03}" / f"{id}.sealed"


def _seconds(wav: Path) -> float:
    with wave.open(str(wav)) as file:
        return float(file.getnframes() / file.getframerate())


def _recording(row: RecordingRow) -> CallRecording:
    return CallRecording(
        row.id, row.conversation, What(row.what), row.name, row.begun_at, Stage(row.stage),
        row.seconds, row.size, row.sha256,
    )  # fmt: skip
