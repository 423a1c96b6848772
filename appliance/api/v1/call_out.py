"""An agent calls a number outside; on record before it is done."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.gate import needs
from appliance.api.v1.here import agent_here, on_record
from appliance.api.v1.shapes import Answer, ConversationShape, Strict, conversation_shape
from appliance.domain.audit import Audit
from appliance.domain.roles import CALL_OUT
from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.phones import Phone
from appliance.domain.telephony.seats import devices_of
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.call_out import NotCalledError, Wanted, call_out, may_call_out
from common.errors import NetworkError

_ID = 2**31 - 1


class CallBody(Strict):
    """Whom to call, and for which queue."""

    number: str = Field(max_length=100, description="Spaces and ( ) . - / may stand in it.")
    queue: int | None = Field(
        None, ge=1, le=_ID,
        description="One that I serve: its number is shown, its rules hold for recording and the "
        "work after it. Null: that of `conversation`, or the first one that I serve.",
    )  # fmt: skip
    conversation: int | None = Field(
        None, ge=1, le=_ID, description="Because of which; its contact is called."
    )
    contact: int | None = Field(
        None, ge=1, le=_ID,
        description="Who has the number. Null: the contact of `conversation`, or whoever is known "
        "by the number, or somebody new.",
    )  # fmt: skip


@dataclass(frozen=True)
class WayOut:
    """What calls to outside need.

    Attributes:
        rules: which numbers may be called.
        phones: all desk phones.
        signed_in: whether one of these phones could ring now; by their names in SIP. Raises
            NetworkError.
        installed: whether there is a switch on this machine.
    """

    rules: Callable[[], Dialling]
    phones: Callable[[], list[Phone]]
    signed_in: Callable[[list[str]], bool]
    installed: Callable[[], bool]

    def possible(self) -> bool:
        """Whether anybody outside can be called."""
        return self.installed() and self.rules().possible

    def check_phone(self, agent: int) -> None:
        """Raises NotCalledError: no phone of the agent could ring."""
        if not self.installed():
            raise NotCalledError("dial-no-switch")
        try:
            there = self.signed_in(devices_of(agent, self.phones()))
        except NetworkError:
            raise NotCalledError("dial-no-switch") from None
        if not there:
            raise NotCalledError("dial-no-phone")


def add_call_out(blueprint: APIBlueprint, floor: Floor, audit: Audit, way: WayOut) -> None:
    """Put it on the blueprint of the desk's phone."""

    @blueprint.post("/calls", summary="Call a number outside: my phone rings first, then it does",
                    responses={"200": ConversationShape})  # fmt: skip
    @needs(CALL_OUT)
    def call(body: CallBody) -> Answer:
        mine, rules = agent_here(floor).id, way.rules()
        wanted = Wanted(body.number, body.queue, body.conversation, body.contact)
        number = floor.read(lambda work: may_call_out(work, mine, wanted, rules))
        way.check_phone(mine)
        on_record(audit, "call.out", number)
        begun = change(floor, lambda work: call_out(work, mine, wanted, rules))
        return jsonify(conversation_shape(begun))
