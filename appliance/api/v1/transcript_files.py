"""A conversation as a file, for who may take one out of the house; each is on record."""

from __future__ import annotations

import json
from enum import StrEnum

from flask import Response
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.gate import needs
from appliance.api.v1.here import on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, ConversationId, conversation_shape, message_shape
from appliance.domain.audit import Audit
from appliance.domain.reports.periods import zone_of
from appliance.domain.roles import EXPORT_CONVERSATIONS
from appliance.domain.work import Floor
from appliance.services.transcript_file import Whole, Words, whole
from common.web.texts import Texts, current_language


class FileKind(StrEnum):
    """How it is written."""

    HTML = "html"
    TXT = "txt"
    JSON = "json"


class AskedFile(Shape):
    """Which file."""

    format: FileKind = Field(FileKind.HTML, description="Of `json` all times are in UTC.")
    notes: bool = Field(True, description="With notes among colleagues.")
    zone: str = Field("UTC", max_length=64, description="Time zone, such as `Asia/Shanghai`.")


_TYPES = {
    FileKind.HTML: "text/html; charset=utf-8",
    FileKind.TXT: "text/plain; charset=utf-8",
    FileKind.JSON: "application/json",
}


def add_files(blueprint: APIBlueprint, floor: Floor, audit: Audit, texts: Texts) -> None:
    """Put it on the desk's blueprint."""

    @blueprint.get("/conversations/<int:conversation>/export", summary="It as a file",
                   responses={"200": None})  # fmt: skip
    @needs(EXPORT_CONVERSATIONS)
    def export(path: ConversationId, query: AskedFile) -> Answer:
        words = Words(texts, current_language(), zone_of(query.zone))
        found = floor.read(lambda work: whole(work, path.conversation, notes=query.notes))
        without = "" if query.notes else " without notes"
        about = f"conversation {path.conversation} as {query.format}{without}"
        on_record(audit, "transcript.exported", about)
        written = {
            FileKind.HTML: words.as_page, FileKind.TXT: words.as_text, FileKind.JSON: _as_json,
        }[query.format](found)  # fmt: skip
        name = f"conversation-{path.conversation}.{query.format}"
        return Response(
            written, content_type=_TYPES[query.format],
            headers={"Content-Disposition": f'attachment; filename="{name}"',
                     "Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"},
        )  # fmt: skip


def _as_json(found: Whole) -> str:
    return json.dumps(
        {
            "conversation": conversation_shape(found.conversation),
            "contact_name": found.contact,
            "queue_name": found.queue,
            "agents": {str(id_): name for id_, name in found.agents.items()},
            "messages": [message_shape(one) for one in found.messages],
        },
        ensure_ascii=False, indent=2,
    )  # fmt: skip
