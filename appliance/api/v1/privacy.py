"""An agent leaves what is said out of the recording, for card data; on record before it is done."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from flask import jsonify
from flask_openapi3 import APIBlueprint

from appliance.api.v1.call_shapes import PrivateShape
from appliance.api.v1.here import agent_here, on_record
from appliance.api.v1.shapes import Answer, ConversationId, Strict
from appliance.domain.audit import Audit
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.privacy import may_speak_in_private, speak_in_private


class PrivateBody(Strict):
    """Whether what is said is left out of the recording from now on."""

    on: bool


def add_privacy(
    blueprint: APIBlueprint, floor: Floor, audit: Audit, most: Callable[[], timedelta]
) -> None:
    """Put it on the desk's blueprint; after ``most`` it ends by itself."""

    @blueprint.post("/conversations/<int:conversation>/private",
                    summary="Leave what is said out of the recording, or no more",
                    responses={"200": PrivateShape})  # fmt: skip
    def private(path: ConversationId, body: PrivateBody) -> Answer:
        mine = agent_here(floor).id
        floor.read(lambda work: may_speak_in_private(work, path.conversation, mine))
        what = "recording.paused" if body.on else "recording.resumed"
        about = f"conversation {path.conversation}"
        on_record(audit, what, about)
        call = change(
            floor,
            lambda work: speak_in_private(work, path.conversation, mine, on=body.on, most=most()),
        )
        shape = PrivateShape(since=call.private_since, until=call.private_until)
        return jsonify(shape.model_dump(mode="json"))
