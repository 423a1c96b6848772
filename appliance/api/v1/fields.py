"""Custom fields of contacts and conversations: read by agents, kept by administrators."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from flask import Response, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.catalogue_shapes import CONFIDENTIAL, NAMES, RETIRED, FieldShape, field_shape
from appliance.api.v1.gate import needs
from appliance.api.v1.here import blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page, Strict, part_of
from appliance.api.v1.tags import Precondition, asks_version, one_answer
from appliance.domain.audit import Audit
from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.roles import MANAGE_FLOOR, TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.catalogue import order_fields, save_field

_REQUIRED = "To be filled in before an agent closes a conversation."


class FieldId(Shape):
    """In the path."""

    field: int = Field(ge=1, le=2**31 - 1)


class NewField(Strict):
    """A custom field; subject, key, kind and confidential never change."""

    subject: Subject
    key: str = Field(max_length=40, description="Its name for programs.")
    names: dict[str, str] = Field(description=NAMES)
    kind: FieldKind = FieldKind.TEXT
    choices: list[str] = Field(default_factory=list, description="Of the kind `choice` alone.")
    required: bool = Field(default=False, description=_REQUIRED)
    confidential: bool = Field(default=False, description=CONFIDENTIAL)


class FieldEdit(Strict):
    """Whatever is left out stays."""

    names: dict[str, str] | None = Field(None, description=NAMES)
    choices: list[str] | None = None
    required: bool | None = Field(None, description=_REQUIRED)
    position: int | None = Field(None, ge=0, le=100_000)
    retired: bool | None = Field(None, description=RETIRED)


class CustomFields(Shape):
    """Some of them; `cursor` is the next page's `after`, 0 at the end."""

    items: list[FieldShape]
    cursor: int


class OrderBody(Strict):
    """Ids, in the order in which they shall stand."""

    ids: list[int] = Field(min_length=1, max_length=500)


def fields(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "Custom fields of contacts and conversations."
    blueprint = blueprint_for("fields", "/fields", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("", summary="Custom fields", responses={"200": CustomFields})
    def all_fields(query: Page) -> Answer:
        found, cursor = part_of(floor.read(lambda work: work.fields.all()), query)
        return jsonify(items=[field_shape(one) for one in found], cursor=cursor)

    @blueprint.get("/<int:field>", summary="One custom field", responses={"200": FieldShape})
    def one_field(path: FieldId) -> Answer:
        return one_answer(field_shape(floor.read(lambda work: work.fields.one(path.field))))

    @blueprint.post("", summary="A new custom field", responses={"201": FieldShape})
    @needs(MANAGE_FLOOR)
    def add(body: NewField) -> Answer:
        wanted = CustomField(0, **body.model_dump())
        return one_answer(keep(lambda _work: wanted), 201)

    @blueprint.patch("/<int:field>", summary="Change, retire or bring back a custom field",
                     responses={"200": FieldShape})  # fmt: skip
    @needs(MANAGE_FLOOR)
    @asks_version
    def edit(path: FieldId, body: FieldEdit, seen: Precondition) -> Answer:

        def job(work: Work) -> CustomField:
            before = work.fields.one(path.field)
            seen.check(field_shape(before))
            return replace(before, **body.model_dump(exclude_none=True))

        return one_answer(keep(job))

    @blueprint.post("/order", summary="Put custom fields in order", responses={"204": None})
    @needs(MANAGE_FLOOR)
    def order(body: OrderBody) -> Answer:
        by = f"user:{user().id}"
        floor.write(lambda work: order_fields(work, body.ids, by))
        on_record(audit, "field.ordered", "")
        return Response(status=204)

    def keep(wanted: Callable[[Work], CustomField]) -> dict[str, object]:
        by = f"user:{user().id}"
        kept = floor.write(lambda work: save_field(work, wanted(work), by))
        retired = " (retired)" if kept.retired else ""
        on_record(audit, "field.set", f"{kept.subject} {kept.key}{retired}")
        return field_shape(kept)

    return blueprint
