"""Recordings, sealed in files; implements `appliance.services.telephony.kept_recordings`."""

from __future__ import annotations

import base64
import wave
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import JSON, Float, ForeignKey, LargeBinary, String, delete, select
from sqlalchemy.orm import Mapped, mapped_column

from appliance.domain.telephony.peaks import peaks_of
from appliance.domain.telephony.recording import (
    CallRecording,
    Gap,
    RecordingNote,
    Stage,
    What,
    Why,
)
from appliance.domain.work import UnknownError
from appliance.store.database import Database
from appliance.store.floor_models import ConversationRow
from appliance.store.models import Base, Stamp
from common.clock import Clock
from common.sealed_file import new_key, read_sealed, seal_file
from common.vault import Vault

WHERE = "recordings/secret/{}"
_WAV_HEAD = 44  # bytes
_AT_ONCE = 65_536  # samples


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
    gaps: Mapped[list[dict[str, str | None]]] = mapped_column(JSON, server_default="[]")
    peaks: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)


class NoteRow(Base):
    """See `appliance.domain.telephony.recording.RecordingNote`."""

    __tablename__ = "recording_notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    recording: Mapped[int] = mapped_column(ForeignKey("recordings.id"), index=True)
    at: Mapped[float] = mapped_column(Float)
    text: Mapped[str] = mapped_column(String(1000))
    agent: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(Stamp)


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
                    stage=Stage.RECORDING, seconds=0.0, size=0, sha256="", secret="", gaps=[],
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

    def keep(
        self, recording: CallRecording, wav: Path | None, told: Callable[[CallRecording], None]
    ) -> CallRecording:
        """See the interface.

        The sealed file is there before the row names it, and the plain one until it does: killed in
        between, it is done once more.
        """
        if wav is None or not wav.exists() or wav.stat().st_size <= _WAV_HEAD:
            lost = self._set(recording.id, stage=Stage.LOST)
            if wav is not None:
                wav.unlink(missing_ok=True)
            return lost
        _say_length(wav)
        seconds, peaks = _look_at(wav)
        key = new_key()
        with wav.open("rb") as plain:
            size, digest = seal_file(plain, self._path(recording.id), key)
        told(replace(recording, sha256=digest))
        where = WHERE.format(recording.id)
        secret = self._vault.seal(base64.b64encode(key).decode(), where)
        kept = self._set(
            recording.id, stage=Stage.KEPT, seconds=seconds, size=size, sha256=digest,
            secret=secret, peaks=peaks, gaps=_as_json(self._closed(recording)),
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

    def pause(self, recording: CallRecording, why: Why) -> CallRecording:
        """See the interface."""
        if recording.paused:
            return recording
        gap = Gap(self._clock.now(), None, why)
        return self._set(recording.id, gaps=_as_json((*recording.gaps, gap)))

    def go_on(self, recording: CallRecording) -> CallRecording:
        """See the interface."""
        return self._set(recording.id, gaps=_as_json(self._closed(recording)))

    def peaks(self, recording: CallRecording) -> bytes:
        """See the interface; of a recording of before they are computed now, and kept."""
        with self._database.read() as session:
            row = session.get(RecordingRow, recording.id)
            if row is None or row.stage != Stage.KEPT:
                raise UnknownError("recording", recording.id)
            if row.peaks is not None:
                return row.peaks
        last = recording.size - 1
        peaks = peaks_of(self.sound(recording, _WAV_HEAD, last), (recording.size - _WAV_HEAD) // 2)
        self._set(recording.id, peaks=peaks)
        return peaks

    def kept_before(self, moment: datetime) -> list[tuple[CallRecording, int | None]]:
        """See the interface."""
        query = (
            select(RecordingRow, ConversationRow.queue)
            .join(ConversationRow, ConversationRow.id == RecordingRow.conversation)
            .where(RecordingRow.stage == Stage.KEPT, RecordingRow.begun_at <= moment)
            .order_by(RecordingRow.id)
        )
        with self._database.read() as session:
            return [(_recording(row), queue) for row, queue in session.execute(query)]

    def remove(self, recording: CallRecording) -> None:
        """The row says so before the file goes, and the key goes with the row."""
        self._set(recording.id, stage=Stage.GONE, secret="", peaks=None)
        self._path(recording.id).unlink(missing_ok=True)

    def sweep(self) -> int:
        """See the interface."""
        gone = 0
        for one in self._found(Stage.GONE):
            path = self._path(one.id)
            if path.exists():
                path.unlink()
                gone += 1
        return gone

    def notes(self, recording: int) -> list[RecordingNote]:
        """See the interface."""
        query = select(NoteRow).where(NoteRow.recording == recording)
        with self._database.read() as session:
            found = session.scalars(query.order_by(NoteRow.at, NoteRow.id))
            return [_note(row) for row in found]

    def note(self, recording: int, at: float, text: str, agent: int) -> RecordingNote:
        """See the interface."""
        with self._database.write() as session:
            row = NoteRow(
                recording=recording, at=at, text=text, agent=agent, made_at=self._clock.now()
            )
            session.add(row)
            session.flush()
            return _note(row)

    def drop_note(self, note: RecordingNote) -> None:
        """See the interface."""
        with self._database.write() as session:
            session.execute(delete(NoteRow).where(NoteRow.id == note.id))

    def _closed(self, recording: CallRecording) -> tuple[Gap, ...]:
        if not recording.paused:
            return recording.gaps
        return (*recording.gaps[:-1], replace(recording.gaps[-1], until=self._clock.now()))

    def _found(self, stage: Stage) -> list[CallRecording]:
        query = select(RecordingRow).where(RecordingRow.stage == stage)
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


def _say_length(wav: Path) -> None:
    """A switch that was killed has not written into the head how long it became."""
    data = wav.stat().st_size - _WAV_HEAD
    with wav.open("r+b") as file:
        head = bytearray(file.read(_WAV_HEAD))
        if head[36:40] != b"data" or int.from_bytes(head[40:44], "little"):
            return
        head[4:8] = (data + _WAV_HEAD - 8).to_bytes(4, "little")
        head[40:44] = data.to_bytes(4, "little")
        file.seek(0)
        file.write(head)


def _look_at(wav: Path) -> tuple[float, bytes]:
    """How long it is, and its peaks."""
    with wave.open(str(wav)) as file:
        frames = file.getnframes()
        pieces = iter(lambda: file.readframes(_AT_ONCE), b"")
        return float(frames / file.getframerate()), peaks_of(pieces, frames)


def _recording(row: RecordingRow) -> CallRecording:
    return CallRecording(
        row.id, row.conversation, What(row.what), row.name, row.begun_at, Stage(row.stage),
        row.seconds, row.size, row.sha256, tuple(_gap(one) for one in row.gaps),
    )  # fmt: skip


def _gap(one: dict[str, str | None]) -> Gap:
    until = one["until"]
    return Gap(
        datetime.fromisoformat(str(one["since"])),
        None if until is None else datetime.fromisoformat(until),
        Why(str(one["why"])),
    )


def _as_json(gaps: tuple[Gap, ...]) -> list[dict[str, str | None]]:
    return [
        {
            "since": one.since.isoformat(),
            "until": None if one.until is None else one.until.isoformat(),
            "why": str(one.why),
        }
        for one in gaps
    ]


def _note(row: NoteRow) -> RecordingNote:
    return RecordingNote(row.id, row.recording, row.at, row.text, row.agent, row.made_at)
