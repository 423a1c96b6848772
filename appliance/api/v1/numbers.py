"""Numbers outside in a call of mine; each is on record before it is called."""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, on_record
from appliance.api.v1.shapes import (
    Answer,
    ConversationId,
    ConversationShape,
    Strict,
    conversation_shape,
)
from appliance.domain.audit import Audit
from appliance.domain.roles import CALL_OUT
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.numbers import (
    ask_number,
    hand_over_to_number,
    may_ask_number,
    send_number_out,
)

_PATH = "/calls/<int:conversation>/numbers"


class AskNumberBody(Strict):
    """Whom to call."""

    number: str = Field(max_length=100, description="Spaces and ( ) . - / may stand in it.")
    transfer: bool = Field(
        False,
        description="Without asking first: the caller hears music, goes on with the number alone "
        "as soon as somebody answers there, and I am in after-call work; if nobody answers, the "
        "caller is back with me.",
    )


class NumberThereBody(Strict):
    """One that takes part."""

    number: str = Field(max_length=41, description="As the call's `numbers` have it.")


def add_numbers(
    blueprint: APIBlueprint, floor: Floor, audit: Audit, rules: Callable[[], Dialling]
) -> None:
    """Put it on the blueprint of the desk's phone."""

    @blueprint.post(_PATH, summary="Ask a number outside into my call, or transfer it there",
                    responses={"200": ConversationShape})  # fmt: skip
    @needs(CALL_OUT)
    def ask(path: ConversationId, body: AskNumberBody) -> Answer:
        here, mine, known = path.conversation, agent_here(floor).id, rules()
        number = floor.read(lambda work: may_ask_number(work, here, mine, body.number, known))
        what = "call.transfer_out" if body.transfer else "call.ask_out"
        on_record(audit, what, f"{number} conversation {here}")
        found = change(
            floor,
            lambda work: ask_number(work, here, mine, number, known, blind=body.transfer),
        )
        return jsonify(conversation_shape(found))

    @blueprint.post(f"{_PATH}/part", summary="Send a number out of my call",
                    responses={"200": ConversationShape})  # fmt: skip
    def part(path: ConversationId, body: NumberThereBody) -> Answer:
        mine = agent_here(floor).id
        found = change(
            floor, lambda work: send_number_out(work, path.conversation, mine, body.number)
        )
        return jsonify(conversation_shape(found))

    @blueprint.post(f"{_PATH}/hand-over",
                    summary="Leave my call to the caller and a number that answered",
                    responses={"200": ConversationShape})  # fmt: skip
    @needs(CALL_OUT)
    def hand_over(path: ConversationId, body: NumberThereBody) -> Answer:
        mine = agent_here(floor).id
        on_record(audit, "call.hand_over_out", f"{body.number} conversation {path.conversation}")
        found = change(
            floor, lambda work: hand_over_to_number(work, path.conversation, mine, body.number)
        )
        return jsonify(conversation_shape(found))
