"""Prompts: recordings that were uploaded for callers to hear, and texts that are spoken."""

from __future__ import annotations

from collections.abc import Callable

from flask import Response, jsonify, request
from flask_openapi3 import APIBlueprint, FileStorage
from pydantic import ConfigDict, Field, field_validator

from appliance.api.v1.files import a_file
from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, part_of
from appliance.domain.audit import Audit
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.telephony.flow import Flows
from appliance.domain.users import Users
from appliance.domain.work import UnknownError
from appliance.services.telephony.flows import used_recordings
from appliance.telephony.audio import from_wav, seconds_of, to_wav
from appliance.telephony.speech import MOST_SECONDS
from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)

_MOST_UPLOAD = 24 * 2**20  # bytes; two minutes at 48 kHz in stereo


class PromptId(Shape):
    """In the path."""

    prompt: int = Field(ge=1, le=2**31 - 1)


class PromptForm(Shape):
    """A WAV file (PCM, 16 bits, 8 to 48 kHz, at most two minutes) and its name."""

    model_config = ConfigDict(extra="forbid", arbitrary_types_allowed=True)

    name: str = Field(min_length=1, max_length=200)
    file: FileStorage

    @field_validator("file")
    @classmethod
    def _is_a_file(cls, file: object) -> object:
        return a_file(file)


class PromptShape(Shape):
    """A recording."""

    id: int
    name: str
    seconds: float
    sha256: str


class PromptList(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[PromptShape]
    cursor: int


class Spoken(Shape):
    """A text, and the language in which it is spoken."""

    text: str = Field(min_length=1, max_length=500)
    language: str = Field("zh-CN", max_length=16)


def prompts(
    users: Users, audit: Audit, kept: Flows, speak: Callable[[str, str], bytes]
) -> APIBlueprint:
    """The blueprint; ``speak`` makes samples of a text in a language."""
    about = "What callers hear: recordings, and texts that are spoken."
    blueprint = blueprint_for("prompts", "/prompts", about, users, MANAGE_FLOOR)

    @blueprint.before_request
    def _larger() -> None:
        request.max_content_length = _MOST_UPLOAD

    @blueprint.get("", summary="Uploaded recordings", responses={"200": PromptList})
    def all_prompts(query: Page) -> Answer:
        found, cursor = part_of(kept.recordings(), query)
        return jsonify(items=[vars(one) for one in found], cursor=cursor)

    @blueprint.post("", summary="Upload a recording", responses={"201": PromptShape})
    def add(form: PromptForm) -> Answer:
        samples = from_wav(form.file.read(), MOST_SECONDS)
        made = kept.add_recording(form.name, seconds_of(samples), samples)
        on_record(audit, "prompt.added", made.name)
        return jsonify(vars(made)), 201

    @blueprint.get("/<int:prompt>/sound", summary="Hear a recording", responses={"200": None})
    def sound(path: PromptId) -> Answer:
        samples = kept.samples(path.prompt)
        if samples is None:
            raise UnknownError("prompt", path.prompt)
        return _wav(samples)

    @blueprint.get("/spoken", summary="Hear a text", responses={"200": None})
    def spoken(query: Spoken) -> Answer:
        try:
            return _wav(speak(query.text, query.language))
        except OperatorError as error:  # of this machine, and with its folders: for its log
            log.warning("prompt.not_spoken", error=str(error))
            raise InvalidError("not-spoken") from error

    @blueprint.delete("/<int:prompt>", summary="Remove a recording", responses={"204": None})
    def remove(path: PromptId) -> Answer:
        user = used_recordings(kept).get(path.prompt)
        if user is not None:
            raise InvalidError("prompt-needed", flow=user)
        if not kept.remove_recording(path.prompt):
            raise UnknownError("prompt", path.prompt)
        on_record(audit, "prompt.removed", str(path.prompt))
        return Response(status=204)

    return blueprint


def _wav(samples: bytes) -> Response:
    return Response(to_wav(samples), mimetype="audio/wav", headers={"Cache-Control": "no-store"})
