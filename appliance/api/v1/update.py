"""The update that waits for this program, as the desk tells of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import blueprint_for, on_record, user
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.audit import Audit
from appliance.domain.roles import TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.services.waiting_update import WaitingUpdate
from appliance.settings.running import UpdateSettings


class UpdateShape(Shape):
    """An update of this program."""

    waits: bool = Field(description="It comes as soon as nobody speaks, or when it was put off to.")
    until: datetime | None = Field(description="It was put off until then.")
    minutes: int = Field(description="For so long it can be put off; 0: it cannot.")


def update(
    waiting: WaitingUpdate, users: Users, audit: Audit, settings: Callable[[], UpdateSettings]
) -> APIBlueprint:
    """The blueprint."""
    about = "An update that waits for this program."
    blueprint = blueprint_for("update", "/desk/update", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("", summary="Whether an update waits", responses={"200": UpdateShape})
    def look() -> Answer:
        return _told()

    @blueprint.post("/postpone", summary="Put it off", responses={"200": UpdateShape})
    def postpone() -> Answer:
        rules = settings()
        release, made = waiting.postpone(
            user().id,
            timedelta(minutes=rules.postpone_minutes),
            timedelta(minutes=rules.most_postponed_minutes),
        )
        until = made.until.isoformat()
        on_record(audit, "update.postponed", f"{release or 'update'} until {until}")
        return _told()

    def _told() -> Answer:
        rules = settings()
        can = waiting.waits and not waiting.urgent
        minutes = min(rules.postpone_minutes, rules.most_postponed_minutes)
        until = waiting.until
        return jsonify(
            waits=waiting.waits, until=until.isoformat() if until else None,
            minutes=minutes if can else 0,
        )  # fmt: skip

    return blueprint
