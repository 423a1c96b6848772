"""The record of who did what; looking at it is recorded too."""

from __future__ import annotations

from datetime import datetime

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import AwareDatetime, Field

from appliance.api.v1.here import blueprint_for, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, Page
from appliance.domain.audit import Audit, Wanted, verify
from appliance.domain.roles import READ_AUDIT
from appliance.domain.users import Users


class AuditShape(Shape):
    """One line of the record."""

    number: int
    at: datetime
    who: str
    what: str
    subject: str
    address: str
    hash: str


class Lines(Page):
    """Which lines; what is left out does not matter."""

    who: str = Field("", max_length=64, description="A part of the name.")
    what: str = Field("", max_length=64, description="How it begins, such as `queue.`.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(None, description="The first moment that is too late.")


class AuditLines(Shape):
    """Newest first; `cursor` is the next page's `after`, 0 at the end."""

    items: list[AuditShape]
    cursor: int


class VerdictShape(Shape):
    """Whether the record holds; `broken` is the first line that does not."""

    lines: int
    head: str
    broken: int | None


def record(users: Users, audit: Audit) -> APIBlueprint:
    """The blueprint."""
    about = "The record of who did what."
    blueprint = blueprint_for("record", "/audit", about, users, READ_AUDIT)

    @blueprint.get("", summary="Who did what", responses={"200": AuditLines})
    def lines(query: Lines) -> Answer:
        wanted = Wanted(query.who, query.what, query.since, query.until)
        found = audit.latest(query.most, query.after, wanted)
        on_record(audit, "audit.read", "")
        items = [AuditShape(**vars(one)).model_dump(mode="json") for one in found]
        more = len(found) == query.most and found[-1].number > 1
        return jsonify(items=items, cursor=found[-1].number if more else 0)

    @blueprint.get("/verdict", summary="Whether the record holds",
                   responses={"200": VerdictShape})  # fmt: skip
    def verdict() -> Answer:
        return jsonify(vars(verify(audit.everything())))

    return blueprint
