"""Recordings of calls: who may hear a conversation may hear them, and each playback is on record.

A playback begins with a POST that answers an address; the address opens that one recording for a
while, in any parts, so that a browser can wind forward and back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import Field
from werkzeug.exceptions import Gone, NotFound, RequestedRangeNotSatisfiable

from appliance.api.v1.desk_looks import looking
from appliance.api.v1.files import FileAddress, FileToken
from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, blueprint_for, on_record, who
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, ConversationId, Strict, as_shape
from appliance.domain.audit import Audit
from appliance.domain.roles import EXPORT_RECORDINGS, TAKE_CONVERSATIONS
from appliance.domain.telephony.recording import (
    CallRecording,
    RecordingNote,
    Stage,
    gaps_in_sound,
)
from appliance.domain.users import Users
from appliance.domain.work import Floor, UnknownError
from appliance.services.telephony.kept_recordings import Recordings
from appliance.services.transcript_reads import TranscriptReads
from common.clock import Clock

_HOLDS = timedelta(hours=1)  # long enough for the longest call
_EXPORTED = "recording.exported"
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class RecordingId(Shape):
    """In the path."""

    recording: int = Field(ge=1, le=2**31 - 1)


class RecordingShape(Shape):
    """A recording; it can be heard while its stage is `kept`."""

    id: int
    conversation: int
    what: str = Field(description="`call` or `voicemail`.")
    stage: str = Field(description="`recording`, `kept`, `lost`, `gone`.")
    begun_at: datetime
    seconds: float
    size: int
    sha256: str


class GapShape(Shape):
    """Something that was left out; it has no length in the sound."""

    at: float = Field(description="Seconds from the beginning of the sound.")
    seconds: float = Field(description="How long it was.")
    why: str = Field(description="`private` (card data) or `held`.")


class RecordingNoteShape(Shape):
    """What somebody noted at a moment."""

    id: int
    at: float = Field(description="Seconds from the beginning of the sound.")
    text: str
    agent: int
    name: str
    made_at: datetime
    mine: bool


class RecordingDetail(Shape):
    """What a player shows beside the sound."""

    peaks: list[int] = Field(description="The loudest of each of equal parts, 0 to 255.")
    gaps: list[GapShape]
    notes: list[RecordingNoteShape]


class RecordingNotes(Shape):
    """Those at one recording, in the order of the sound."""

    items: list[RecordingNoteShape]


class NoteBody(Strict):
    """A note at a moment."""

    at: float = Field(ge=0, le=86_400, description="Seconds from the beginning of the sound.")
    text: str = Field(min_length=1, max_length=1000)


class NoteId(RecordingId):
    """In the path."""

    note: int = Field(ge=1, le=2**31 - 1)


class RecordingList(Shape):
    """All of a conversation, oldest first."""

    items: list[RecordingShape]


def recordings(
    floor: Floor,
    users: Users,
    audit: Audit,
    reads: TranscriptReads,
    kept: Recordings,
    keys: Sequence[bytes],
    clock: Clock,
) -> APIBlueprint:
    """The blueprint; ``secret`` signs addresses."""
    about = "What was recorded of calls."
    blueprint = blueprint_for("recordings", "/recordings", about, users, TAKE_CONVERSATIONS)
    looked = looking(floor, reads)
    signer = URLSafeSerializer(list(keys), salt="recording")

    @blueprint.get("/of/<int:conversation>", summary="A conversation's recordings",
                   responses={"200": RecordingList})  # fmt: skip
    def of(path: ConversationId) -> Answer:
        looked(path.conversation)
        return jsonify(items=[_shape(one) for one in kept.of(path.conversation)])

    def allowed(recording: int) -> CallRecording:
        one = kept.one(recording)
        looked(one.conversation)
        if one.stage is not Stage.KEPT:
            raise UnknownError("recording", one.id)
        return one

    def address(one: CallRecording, what: str) -> Answer:
        subject = f"recording {one.id} of conversation {one.conversation}"
        on_record(audit, what, subject)
        until = clock.now() + _HOLDS
        token = signer.dumps([one.id, who(), int(until.timestamp()), what == _EXPORTED])
        found = FileAddress(address=f"/api/v1/recordings/sound/{token}", until=until)
        return jsonify(found.model_dump(mode="json"))

    @blueprint.post("/<int:recording>/play", summary="Begin to hear it; it is on record",
                    responses={"200": FileAddress})  # fmt: skip
    def play(path: RecordingId) -> Answer:
        return address(allowed(path.recording), "recording.played")

    @blueprint.post("/<int:recording>/export", summary="Save it as a file; it is on record",
                    responses={"200": FileAddress})  # fmt: skip
    @needs(EXPORT_RECORDINGS)
    def export(path: RecordingId) -> Answer:
        return address(allowed(path.recording), _EXPORTED)

    @blueprint.get("/sound/<string:token>", summary="The WAV file, or a part of it",
                   responses={"200": None, "206": None})  # fmt: skip
    def sound(path: FileToken) -> Response:
        recording, as_file = _read(signer, path.token, clock.now())
        try:
            return _part(kept.one(recording), kept.sound, as_file=as_file)
        except (UnknownError, FileNotFoundError) as error:
            raise NotFound("The recording is not there any more.") from error

    _add_player(blueprint, floor, audit, kept, allowed)
    return blueprint


def _add_player(
    blueprint: APIBlueprint,
    floor: Floor,
    audit: Audit,
    kept: Recordings,
    allowed: Callable[[int], CallRecording],
) -> None:
    """What a player shows beside the sound."""

    def noted(recording: int) -> list[dict[str, object]]:
        mine = agent_here(floor).id
        notes = kept.notes(recording)
        names = floor.read(lambda work: {one.agent: work.agent(one.agent).name for one in notes})
        return [_note(one, names[one.agent], mine=one.agent == mine) for one in notes]

    @blueprint.get("/<int:recording>", summary="What a player shows beside the sound",
                   responses={"200": RecordingDetail})  # fmt: skip
    def detail(path: RecordingId) -> Answer:
        one = allowed(path.recording)
        return jsonify(
            peaks=list(kept.peaks(one)),
            gaps=[GapShape(**vars(gap)).model_dump() for gap in gaps_in_sound(one)],
            notes=noted(one.id),
        )

    @blueprint.post("/<int:recording>/notes", summary="Note something at a moment of it",
                    responses={"200": RecordingNotes})  # fmt: skip
    def add_note(path: RecordingId, body: NoteBody) -> Answer:
        one = allowed(path.recording)
        kept.note(one.id, min(body.at, one.seconds), body.text.strip(), agent_here(floor).id)
        on_record(audit, "recording.noted", f"recording {one.id}")
        return jsonify(items=noted(one.id))

    @blueprint.delete("/<int:recording>/notes/<int:note>", summary="Remove a note of mine",
                      responses={"200": RecordingNotes})  # fmt: skip
    def drop_note(path: NoteId) -> Answer:
        one = allowed(path.recording)
        mine = agent_here(floor).id
        found = next((n for n in kept.notes(one.id) if n.id == path.note), None)
        if found is None or found.agent != mine:
            raise UnknownError("note", path.note)
        kept.drop_note(found)
        on_record(audit, "recording.note_removed", f"recording {one.id}")
        return jsonify(items=noted(one.id))


def _read(signer: URLSafeSerializer, token: str, now: datetime) -> tuple[int, bool]:
    """Which one, and whether as a file; for who asked for it alone. Raises NotFound, Gone."""
    try:
        id_, asked, until, as_file = signer.loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("There is no recording at this address.") from error
    if asked != who():
        raise NotFound("There is no recording at this address.")
    if until < now.timestamp():
        raise Gone("This address holds no more; play the recording again where it was shown.")
    return int(id_), bool(as_file)


def _part(
    one: CallRecording,
    sound: Callable[[CallRecording, int, int], Iterator[bytes]],
    *,
    as_file: bool,
) -> Response:
    first, last = _range(request.headers.get("Range", ""), one.size)
    whole = "Range" not in request.headers
    answer = Response(sound(one, first, last), 200 if whole else 206, mimetype="audio/wav")
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Length"] = str(last - first + 1)
    answer.headers["Cache-Control"] = "private, no-store"
    how = "attachment" if as_file else "inline"
    answer.headers["Content-Disposition"] = f'{how}; filename="recording-{one.id}.wav"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    if not whole:
        answer.headers["Content-Range"] = f"bytes {first}-{last}/{one.size}"
    return answer


def _range(text: str, size: int) -> tuple[int, int]:
    """First and last byte of a ``Range`` of one part; all of it when there is none."""
    if not text:
        return 0, size - 1
    found = _RANGE.fullmatch(text.strip())
    if found is None or not (found[1] or found[2]):
        raise RequestedRangeNotSatisfiable(size)
    if not found[1]:
        return max(0, size - int(found[2])), size - 1
    first, last = int(found[1]), min(int(found[2] or size - 1), size - 1)
    if first > last:
        raise RequestedRangeNotSatisfiable(size)
    return first, last


def _note(one: RecordingNote, name: str, *, mine: bool) -> dict[str, object]:
    shape = RecordingNoteShape(
        id=one.id, at=one.at, text=one.text, agent=one.agent, name=name, made_at=one.made_at,
        mine=mine,
    )  # fmt: skip
    return shape.model_dump(mode="json")


def _shape(one: CallRecording) -> dict[str, object]:
    return as_shape(RecordingShape, one)
