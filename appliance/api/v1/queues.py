"""Queues, as an administrator sets them."""

from __future__ import annotations

from typing import Any

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.again import answer_is
from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.queue_shapes import QueueForm
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import ETAG, Precondition, asks_version, one_answer, tagged
from appliance.domain.audit import Audit
from appliance.domain.queue import Queue
from appliance.domain.refusals import InvalidError
from appliance.domain.roles import MANAGE_FLOOR
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.set_queue import QueueForms, set_queue


class QueueId(Shape):
    """In the path."""

    queue: int = Field(ge=1, le=2**31 - 1)


class QueueBody(Strict):
    """A queue; whatever is left out keeps its value, or has its default in a new one."""

    name: str | None = Field(None, min_length=1, max_length=200)
    form: QueueForm = Field(default_factory=QueueForm)


class QueueShape(Shape):
    """A queue."""

    id: int
    name: str
    form: dict[str, Any]
    etag: str = Field(description=ETAG)


class Queues(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[QueueShape]
    cursor: int


def queues(floor: Floor, users: Users, audit: Audit, forms: QueueForms) -> APIBlueprint:
    """The blueprint; ``forms`` turn queues into JSON and back."""
    blueprint = blueprint_for(
        "queues", "/queues", "Queues: hours, rules, targets.", users, MANAGE_FLOOR
    )

    @blueprint.get("", summary="Queues", responses={"200": Queues})
    def all_queues(query: Page) -> Answer:
        found, cursor = part_of(floor.read(lambda work: work.queues()).values(), query)
        return jsonify(items=[shape(queue) for queue in found], cursor=cursor)

    @blueprint.get("/<int:queue>", summary="One queue", responses={"200": QueueShape})
    def one_queue(path: QueueId) -> Answer:
        return one_answer(shape(floor.read(lambda work: work.queue(path.queue))))

    @blueprint.post("", summary="A new queue", responses={"201": QueueShape})
    def add_queue(body: QueueBody) -> Answer:
        if not body.name:
            raise InvalidError("queue-name")
        return one_answer(keep(None, body, None), 201)

    @blueprint.patch("/<int:queue>", summary="Change a queue", responses={"200": QueueShape})
    @asks_version
    def change_queue(path: QueueId, body: QueueBody, seen: Precondition) -> Answer:
        return one_answer(keep(path.queue, body, seen))

    def keep(queue: int | None, body: QueueBody, seen: Precondition | None) -> dict[str, object]:
        given = body.form.model_dump(mode="json", exclude_unset=True)

        def job(work: Work) -> Queue:
            if seen is not None and queue is not None:
                seen.check(shape(work.queue(queue)))
            return set_queue(work, forms, queue, body.name, given)

        answer_is(shape)
        kept = change(floor, job)
        on_record(audit, "queue.set", kept.name)
        return shape(kept)

    def shape(queue: Queue) -> dict[str, object]:
        return tagged({"id": queue.id, "name": queue.name, "form": forms.to_form(queue)})

    return blueprint
