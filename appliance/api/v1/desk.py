"""What an agent does: be available, take offers, speak, hold, transfer, end, close."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from enum import StrEnum

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.catalogue_shapes import REASON
from appliance.api.v1.desk_looks import add_listening, add_looks
from appliance.api.v1.files import FileAddresses, Uploads
from appliance.api.v1.here import agent_here, blueprint_for
from appliance.api.v1.mute import add_mute
from appliance.api.v1.privacy import add_privacy
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import (
    AgentShape,
    Answer,
    ConversationShape,
    Strict,
    agent_shape,
    conversation_shape,
)
from appliance.api.v1.supervision import add_supervision
from appliance.api.v1.transcript_files import add_files
from appliance.api.v1.verbs import Here, Verb, add_posts
from appliance.domain.agent_state import Said
from appliance.domain.audit import Audit
from appliance.domain.records import Agent
from appliance.domain.roles import TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.presence import say, seen
from appliance.services.take_part import joined
from appliance.services.transcript_reads import TranscriptReads
from common.web.texts import Texts


class Mine(StrEnum):
    """What an agent may say of themselves; the rest is concluded by the system."""

    SIGN_IN = "sign_in"
    READY = "ready"
    STEP_AWAY = "step_away"
    SIGN_OUT = "sign_out"


class PresenceBody(Strict):
    """A change of presence."""

    said: Mine
    reason: str = Field("", max_length=200, description=REASON)


class Joined(Shape):
    """A conversation in which I take part, and what I am there."""

    part: str = Field(description="`colleague` or `listener`.")
    conversation: ConversationShape


class MyConversations(Shape):
    """Those that I have, and those in which I take part."""

    items: list[ConversationShape]
    joined: list[Joined]


def desk(
    floor: Floor,
    users: Users,
    verbs: Sequence[Verb],
    audit: Audit,
    reads: TranscriptReads,
    head: Callable[[str], int],
    uploads: Uploads,
    addresses: FileAddresses,
    most_private: Callable[[], timedelta],
    texts: Texts,
) -> APIBlueprint:
    """The blueprint.

    ``verbs`` are `appliance.api.v1.desk_verbs.desk_verbs`; recordings are paused for
    ``most_private`` at once.
    """
    about = "What an agent does at the desk."
    blueprint = blueprint_for("desk", "/desk", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("/me", summary="Myself", responses={"200": AgentShape})
    def me() -> Answer:
        return _agent(agent_here(floor))

    @blueprint.post("/presence", summary="Say whether I am available",
                    responses={"200": AgentShape})  # fmt: skip
    def presence(body: PresenceBody) -> Answer:
        mine = agent_here(floor).id
        said = Said(body.said.value)
        return _agent(change(floor, lambda work: say(work, mine, said, reason=body.reason)))

    @blueprint.get("/conversations", summary="What rings at me, what I have, where I was asked in",
                   responses={"200": MyConversations})  # fmt: skip
    def mine() -> Answer:
        mine = agent_here(floor).id
        found, part = floor.read(lambda work: (work.held_by(mine), joined(work, mine)))
        return jsonify(
            items=[conversation_shape(one) for one in found],
            joined=[
                {"part": str(there.part), "conversation": conversation_shape(one)}
                for there, one in part
            ],
        )

    def here(_verb: Verb, conversation: int | None) -> Here:
        assert conversation is not None  # noqa: S101 - it is in every path
        return Here(conversation, agent_here(floor).id)

    add_posts(blueprint, verbs, floor, here, "/conversations/<int:conversation>")

    add_looks(blueprint, floor, reads, head, addresses)
    add_files(blueprint, floor, audit, texts)
    add_listening(blueprint, floor, audit, uploads)
    add_privacy(blueprint, floor, audit, most_private)
    add_mute(blueprint, floor)
    add_supervision(blueprint, floor, audit, head)

    def _agent(agent: Agent) -> Answer:
        return jsonify(agent_shape(agent, floor.read(lambda work: seen(work, agent.id))))

    return blueprint
