"""Confidential values of contacts and conversations: shown one at a time, and on record."""

from __future__ import annotations

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, FieldValue
from appliance.domain.audit import Audit
from appliance.domain.custom_fields import Subject
from appliance.domain.roles import SHOW_CONFIDENTIAL
from appliance.domain.users import Users
from appliance.domain.work import Floor
from appliance.services.show_confidential import show_confidential


class ValuePath(Shape):
    """In the path."""

    subject: Subject
    owner: int = Field(ge=1, le=2**31 - 1, description="The contact's or conversation's id.")
    key: str = Field(max_length=40, description="The field's.")


class ShownValue(Shape):
    """What was filled in."""

    value: FieldValue


def confidential(floor: Floor, users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "Values of confidential fields."
    blueprint = blueprint_for("confidential", "/desk", about, users, SHOW_CONFIDENTIAL)

    @blueprint.post("/confidential/<subject>/<int:owner>/<key>/show",
                    summary="Show a confidential value, on record",
                    responses={"200": ShownValue})  # fmt: skip
    def show(path: ValuePath) -> Answer:
        value = floor.read(lambda work: show_confidential(work, path.subject, path.owner, path.key))
        # On disk before anybody has seen it.
        on_record(audit, "confidential.shown", f"{path.subject} {path.owner} {path.key}")
        answer = jsonify(value=value)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return blueprint
