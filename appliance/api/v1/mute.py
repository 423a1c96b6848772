"""An agent at a desk phone is muted by the switch; the phone in the desk does that by itself."""

from __future__ import annotations

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.here import agent_here
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer, ConversationId, Strict
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.mute import mute


class MuteBody(Strict):
    """Whether nobody hears my phone from now on."""

    on: bool


class MuteShape(Shape):
    """My phone in this call."""

    muted: bool = Field(description="Whether the switch lets nobody hear it.")


def add_mute(blueprint: APIBlueprint, floor: Floor) -> None:
    """Put it on the desk's blueprint."""

    @blueprint.post("/conversations/<int:conversation>/mute",
                    summary="Let nobody hear my phone in a call, or everybody again",
                    responses={"200": MuteShape})  # fmt: skip
    def muted(path: ConversationId, body: MuteBody) -> Answer:
        mine = agent_here(floor).id
        change(floor, lambda work: mute(work, path.conversation, mine, on=body.on))
        return jsonify(MuteShape(muted=body.on).model_dump())
