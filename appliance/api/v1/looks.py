"""How a queue's chat looks, and what it takes: what the widget asks first, without any key."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from flask import jsonify, request
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.queue import Entry, Queue
from appliance.domain.work import Floor, Work
from appliance.services.arrive import open_queue
from appliance.services.visitor_door import VisitorDoor
from appliance.settings.chat import ChatSettings


class LookQuery(Shape):
    """Whose."""

    queue: int = Field(ge=1, le=2**31 - 1)


class LookShape(Shape):
    """The widget of a queue."""

    accent: str
    on_accent: str
    side: str
    title: dict[str, str]
    greeting: dict[str, str]
    entry: str = Field(description="What a visitor would meet now: `taken`, `closed`, `full`.")
    opens_at: datetime | None
    most_length: int = Field(description="Of a message, in characters.")
    most_file: int = Field(description="Of a file, in bytes; 0: none are taken.")
    file_types: list[str] = Field(description="Endings of names.")
    transcripts: bool = Field(description="Whether a transcript can be sent by mail.")


@dataclass(frozen=True)
class Looks:
    """What beside the queue decides."""

    settings: Callable[[], ChatSettings]
    can_send: Callable[[], bool]

    def of(self, work: Work, queue: Queue) -> dict[str, object]:
        """The look as JSON."""
        found, entry = open_queue(work, queue)
        now = self.settings()
        files = now.attachments
        opens = found.hours.next_opening(work.now) if entry is Entry.CLOSED else None
        return LookShape(
            accent=queue.look.accent, on_accent=queue.look.on_accent, side=queue.look.side,
            title=dict(queue.look.title), greeting=dict(queue.look.greeting),
            entry=str(entry), opens_at=opens,
            most_length=now.most_length,
            most_file=files.most_mib * 2**20 if files.most_files else 0,
            file_types=sorted(files.types), transcripts=self.can_send(),
        ).model_dump(mode="json")  # fmt: skip


def add_look(blueprint: APIBlueprint, floor: Floor, looks: Looks, door: VisitorDoor) -> None:
    """Put it on the chat's blueprint."""

    @blueprint.get("/look", summary="How a queue's chat looks", security=[{}],
                   responses={"200": LookShape})  # fmt: skip
    def look(query: LookQuery) -> Answer:
        door.looks(request.remote_addr or "")
        answer = jsonify(floor.read(lambda work: looks.of(work, work.queue(query.queue))))
        answer.headers["Cache-Control"] = "no-store"
        return answer
