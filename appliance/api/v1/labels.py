"""Tags, dispositions and away reasons: read by agents, kept by administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.catalogue_shapes import (
    COLOUR,
    NAMES,
    RETIRED,
    WORD,
    LabelShape,
    label_shape,
)
from appliance.api.v1.fields import OrderBody
from appliance.api.v1.gate import needs
from appliance.api.v1.here import blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import Precondition, asks_version, one_answer
from appliance.domain.audit import Audit
from appliance.domain.labels import Colour, Label, LabelKind
from appliance.domain.roles import MANAGE_FLOOR, TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.catalogue import order_labels, save_label

_QUEUES = "Of a disposition: whose conversations it is offered for; empty: all."


class LabelId(Shape):
    """In the path."""

    label: int = Field(ge=1, le=2**31 - 1)


class NewLabel(Strict):
    """A tag, disposition or away reason; kind and word never change."""

    kind: LabelKind
    word: str = Field(max_length=80, description=WORD)
    names: dict[str, str] = Field(description=NAMES)
    colour: Colour = Field(Colour.GREY, description=COLOUR)
    queues: list[int] = Field(default_factory=list, description=_QUEUES, max_length=1000)


class LabelEdit(Strict):
    """Whatever is left out stays."""

    names: dict[str, str] | None = Field(None, description=NAMES)
    colour: Colour | None = Field(None, description=COLOUR)
    queues: list[int] | None = Field(None, description=_QUEUES, max_length=1000)
    position: int | None = Field(None, ge=0, le=100_000)
    retired: bool | None = Field(None, description=RETIRED)


class Labels(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[LabelShape]
    cursor: int


def labels(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "Labels: tags, dispositions, and why agents are away."
    blueprint = blueprint_for("labels", "/labels", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("", summary="Tags, dispositions, away reasons", responses={"200": Labels})
    def all_labels(query: Page) -> Answer:
        found, cursor = part_of(floor.read(lambda work: work.labels.all()), query)
        return jsonify(items=[label_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<int:label>", summary="One tag, disposition or away reason",
                   responses={"200": LabelShape})  # fmt: skip
    def one_label(path: LabelId) -> Answer:
        return one_answer(label_shape(floor.read(lambda work: work.labels.one(path.label))))

    @blueprint.post("", summary="A new tag, disposition or away reason",
                    responses={"201": LabelShape})  # fmt: skip
    @needs(MANAGE_FLOOR)
    def add(body: NewLabel) -> Answer:
        wanted = Label(0, **_values(body))
        return one_answer(keep(lambda _work: wanted), 201)

    @blueprint.patch("/<int:label>", summary="Rename, retire or bring back",
                     responses={"200": LabelShape})  # fmt: skip
    @needs(MANAGE_FLOOR)
    @asks_version
    def edit(path: LabelId, body: LabelEdit, seen: Precondition) -> Answer:

        def job(work: Work) -> Label:
            before = work.labels.one(path.label)
            seen.check(label_shape(before))
            return replace(before, **_values(body))

        return one_answer(keep(job))

    @blueprint.post("/order", summary="Put those of a kind in order",
                    responses={"204": None})  # fmt: skip
    @needs(MANAGE_FLOOR)
    def order(body: OrderBody) -> Answer:
        by = f"user:{user().id}"
        floor.write(lambda work: order_labels(work, body.ids, by))
        on_record(audit, "label.ordered", "")
        return Response(status=204)

    def keep(wanted: Callable[[Work], Label]) -> dict[str, object]:
        by = f"user:{user().id}"
        kept = floor.write(lambda work: save_label(work, wanted(work), by))
        retired = " (retired)" if kept.retired else ""
        on_record(audit, "label.set", f"{kept.kind} {kept.word}{retired}")
        return label_shape(kept)

    return blueprint


def _values(body: Shape) -> dict[str, Any]:
    given = body.model_dump(exclude_none=True)
    if "queues" in given:
        given["queues"] = frozenset(given["queues"])
    return given
