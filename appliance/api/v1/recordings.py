"""Recordings of calls: who may hear a conversation may hear them, and each playback is on record.

A playback begins with a POST that answers an address; the address opens that one recording for a
while, in any parts, so that a browser can wind forward and back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint
from itsdangerous import BadSignature, URLSafeSerializer
from pydantic import BaseModel, Field
from werkzeug.exceptions import Gone, NotFound, RequestedRangeNotSatisfiable

from appliance.api.v1.desk_looks import looking
from appliance.api.v1.files import FileAddress, FileToken
from appliance.api.v1.here import blueprint_for, who
from appliance.api.v1.shapes import Answer, ConversationId
from appliance.domain.audit import Audit
from appliance.domain.roles import TAKE_CONVERSATIONS
from appliance.domain.telephony.recording import CallRecording, Stage
from appliance.domain.users import Users
from appliance.domain.work import Floor, UnknownError
from appliance.services.telephony.kept_recordings import Recordings
from common.clock import Clock

_HOLDS = timedelta(hours=1)  # long enough for the longest call
_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class RecordingId(BaseModel):
    """In the path."""

    recording: int = Field(ge=1, le=2**31 - 1)


class RecordingShape(BaseModel):
    """A recording; it can be heard while its stage is `kept`."""

    id: int
    conversation: int
    what: str = Field(description="`call` or `voicemail`.")
    stage: str = Field(description="`recording`, `kept`, `lost`, `gone`.")
    begun_at: datetime
    seconds: float
    size: int
    sha256: str


class RecordingList(BaseModel):
    """All of a conversation, oldest first."""

    items: list[RecordingShape]


def recordings(
    floor: Floor, users: Users, audit: Audit, kept: Recordings, secret: bytes, clock: Clock
) -> APIBlueprint:
    """The blueprint; ``secret`` signs addresses."""
    about = "What was recorded of calls."
    blueprint = blueprint_for("recordings", "/recordings", about, users, TAKE_CONVERSATIONS)
    looked = looking(floor, audit)
    signer = URLSafeSerializer(secret, salt="recording")

    @blueprint.get("/of/<int:conversation>", summary="A conversation's recordings",
                   responses={"200": RecordingList})  # fmt: skip
    def of(path: ConversationId) -> Answer:
        looked(path.conversation)
        return jsonify(items=[_shape(one) for one in kept.of(path.conversation)])

    @blueprint.post("/<int:recording>/play", summary="Begin to hear it; it is on record",
                    responses={"200": FileAddress})  # fmt: skip
    def play(path: RecordingId) -> Answer:
        one = kept.one(path.recording)
        looked(one.conversation)
        if one.stage is not Stage.KEPT:
            raise UnknownError("recording", one.id)
        subject = f"recording {one.id} of conversation {one.conversation}"
        audit.record(who(), "recording.played", subject, request.remote_addr or "")
        until = clock.now() + _HOLDS
        token = signer.dumps([one.id, who(), int(until.timestamp())])
        address = FileAddress(address=f"/api/v1/recordings/sound/{token}", until=until)
        return jsonify(address.model_dump(mode="json"))

    @blueprint.get("/sound/<string:token>", summary="The WAV file, or a part of it",
                   responses={"200": None, "206": None})  # fmt: skip
    def sound(path: FileToken) -> Response:
        one = kept.one(_read(signer, path.token, clock.now()))
        try:
            return _part(one, kept.sound)
        except (UnknownError, FileNotFoundError) as error:
            raise NotFound("The recording is not there any more.") from error

    return blueprint


def _read(signer: URLSafeSerializer, token: str, now: datetime) -> int:
    """Whose address it is, for who asked for it alone. Raises NotFound, Gone."""
    try:
        id_, asked, until = signer.loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise NotFound("There is no recording at this address.") from error
    if asked != who():
        raise NotFound("There is no recording at this address.")
    if until < now.timestamp():
        raise Gone("This address holds no more; play the recording again where it was shown.")
    return int(id_)


def _part(
    one: CallRecording, sound: Callable[[CallRecording, int, int], Iterator[bytes]]
) -> Response:
    first, last = _range(request.headers.get("Range", ""), one.size)
    whole = "Range" not in request.headers
    answer = Response(sound(one, first, last), 200 if whole else 206, mimetype="audio/wav")
    answer.headers["Accept-Ranges"] = "bytes"
    answer.headers["Content-Length"] = str(last - first + 1)
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["Content-Disposition"] = f'attachment; filename="recording-{one.id}.wav"'
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


def _shape(one: CallRecording) -> dict[str, object]:
    values = {name: getattr(one, name) for name in RecordingShape.model_fields}
    return RecordingShape(**values).model_dump(mode="json")
