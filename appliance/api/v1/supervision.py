"""A supervisor in a call: listen, whisper, join, leave. Each is on record before it is done."""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, on_record
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, ConversationId, Strict
from appliance.domain.audit import Audit
from appliance.domain.live import FLOOR
from appliance.domain.roles import HELP_OTHERS
from appliance.domain.telephony.supervision import Rung, Supervision
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.supervise import leave_call, may_supervise, of, supervise

_PATH = "/conversations/<int:conversation>/supervision"


class RungBody(Strict):
    """Where on the ladder."""

    rung: Rung


class SupervisionShape(Shape):
    """Where I am on the ladder of this call."""

    rung: str = Field(
        description="`listen`, `whisper`, `join`: what I asked for; empty: I am not in this call."
    )
    reached: str = Field(description="What the switch has confirmed; empty: nothing yet.")
    refused: str = Field(description="What the switch refused last; empty: nothing.")
    there: bool = Field(description="Whether my phone was picked up.")
    cursor: int = Field(description="Of the feed's topic `floor`, which tells of changes.")


def add_supervision(
    blueprint: APIBlueprint, floor: Floor, audit: Audit, head: Callable[[str], int]
) -> None:
    """Put it on the desk's blueprint."""

    def shape(found: Supervision | None) -> Answer:
        return jsonify(
            rung="" if found is None else str(found.rung),
            reached="" if found is None else str(found.reached or ""),
            refused="" if found is None else str(found.refused or ""),
            there=found is not None and found.spoken,
            cursor=head(FLOOR),
        )

    def record(what: str, conversation: int) -> None:
        about = f"conversation {conversation}"
        on_record(audit, what, about)

    @blueprint.get(_PATH, summary="Where I am in a call as its supervisor",
                   responses={"200": SupervisionShape})  # fmt: skip
    @needs(HELP_OTHERS)
    def look(path: ConversationId) -> Answer:
        mine = agent_here(floor).id
        return shape(floor.read(lambda work: of(work, path.conversation, mine)))

    @blueprint.post(_PATH, summary="Listen to a call, whisper to its agent, or join it",
                    responses={"200": SupervisionShape})  # fmt: skip
    @needs(HELP_OTHERS)
    def climb(path: ConversationId, body: RungBody) -> Answer:
        mine = agent_here(floor).id
        floor.read(lambda work: may_supervise(work, path.conversation, mine))
        record(f"call.{body.rung}", path.conversation)
        return shape(
            change(floor, lambda work: supervise(work, path.conversation, mine, body.rung))
        )

    @blueprint.delete(_PATH, summary="Leave it", responses={"200": SupervisionShape})
    @needs(HELP_OTHERS)
    def leave(path: ConversationId) -> Answer:
        mine = agent_here(floor).id
        if floor.read(lambda work: of(work, path.conversation, mine)) is not None:
            record("call.leave", path.conversation)
            change(floor, lambda work: leave_call(work, path.conversation, mine))
        return shape(None)
