"""The phone in the desk: whether there is one, and what it signs in with."""

from __future__ import annotations

from flask import abort, jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.call_out import WayOut, add_call_out
from appliance.api.v1.here import agent_here, blueprint_for, caller, user
from appliance.api.v1.numbers import add_numbers
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import Answer
from appliance.domain.audit import Audit
from appliance.domain.roles import CALL_OUT, TAKE_CONVERSATIONS
from appliance.domain.telephony.phones import REALM
from appliance.domain.telephony.seats import ECHO, new_number, proof_of, seat_of
from appliance.domain.users import Users
from appliance.domain.work import Floor

SOCKET = "/api/v1/desk/phone/socket"


class DeskPhone(Shape):
    """What I can telephone with."""

    installed: bool = Field(description="Whether there is a switch.")
    extension: str = Field(description="Of my desk phone; empty: I have none.")
    outbound: bool = Field(description="Whether I can call numbers outside.")


class DeskPhoneSession(Shape):
    """What one session of the desk's phone signs in with; nothing of it is kept."""

    name: str = Field(description="In SIP.")
    realm: str
    proof: str = Field(description="HA1 of RFC 2617.")
    socket: str = Field(description="The path of the WebSocket.")
    echo: str = Field(description="Whoever calls it hears themselves.")


def phone(floor: Floor, users: Users, audit: Audit, way: WayOut, key: bytes) -> APIBlueprint:
    """The blueprint.

    Args:
        floor: to know the agent.
        users: who may come.
        audit: who called whom.
        way: the phones, the switch, and which numbers may be called.
        key: what proofs are made with.
    """
    about = "Telephones of the desk."
    blueprint = blueprint_for("phone", "/desk/phone", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("", summary="What I can telephone with", responses={"200": DeskPhone})
    def mine() -> Answer:
        me = user().id
        extension = next((one.extension for one in way.phones() if one.agent == me), "")
        outbound = caller().may(CALL_OUT) and way.possible()
        return jsonify(installed=way.installed(), extension=extension, outbound=outbound)

    @blueprint.post("/sessions", summary="Begin a session of the desk's phone",
                    responses={"200": DeskPhoneSession})  # fmt: skip
    def begin() -> Answer:
        if not way.installed():
            abort(409, "There is no switch on this machine, so the desk has no phone.")
        me, number = agent_here(floor).id, new_number()
        return jsonify(
            name=seat_of(me), realm=REALM, proof=proof_of(key, me, number),
            socket=f"{SOCKET}?session={number}", echo=ECHO,
        )  # fmt: skip

    add_call_out(blueprint, floor, audit, way)
    add_numbers(blueprint, floor, audit, way.rules)
    return blueprint
