"""What an agent does: be available, take offers, speak, hold, transfer, end, close."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.access import require
from appliance.api.v1.here import agent_here, blueprint_for, user
from appliance.api.v1.shapes import (
    AgentShape,
    Answer,
    ConversationId,
    Conversations,
    Messages,
    Page,
    Strict,
    agent_shape,
    conversation_shape,
    messages_shape,
)
from appliance.api.v1.verbs import Here, Verb, add_posts
from appliance.domain.agent_state import Said
from appliance.domain.records import Agent
from appliance.domain.roles import SEE_FLOOR, TAKE_CONVERSATIONS, may
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.presence import say, seen
from appliance.services.say_message import NotYoursError


class Mine(StrEnum):
    """What an agent may say of themselves; the rest is concluded by the system."""

    SIGN_IN = "sign_in"
    READY = "ready"
    STEP_AWAY = "step_away"
    SIGN_OUT = "sign_out"


class PresenceBody(Strict):
    """A change of presence."""

    said: Mine
    reason: str = Field("", max_length=200, description="Why, when stepping away.")


def desk(floor: Floor, users: Users, verbs: Sequence[Verb]) -> APIBlueprint:
    """The blueprint; ``verbs`` are `appliance.api.v1.desk_verbs.desk_verbs`."""
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

    @blueprint.get("/conversations", summary="What rings at me, what I have",
                   responses={"200": Conversations})  # fmt: skip
    def mine() -> Answer:
        mine = agent_here(floor).id
        found = floor.read(lambda work: work.held_by(mine))
        return jsonify(items=[conversation_shape(one) for one in found])

    def here(verb: Verb, conversation: int | None) -> Here:
        if verb.permission:
            require(user(), verb.permission)
        assert conversation is not None  # noqa: S101 - it is in every path
        return Here(conversation, agent_here(floor).id)

    add_posts(blueprint, verbs, floor, here, "/conversations/<int:conversation>")

    @blueprint.get("/conversations/<int:conversation>/messages", summary="What was said",
                   responses={"200": Messages})  # fmt: skip
    def get_messages(path: ConversationId, query: Page) -> Answer:
        mine = agent_here(floor).id
        all_of_them = may(user().role, SEE_FLOOR)

        def job(work: Work) -> dict[str, object]:
            conversation = work.conversation(path.conversation)
            if not all_of_them and mine not in (conversation.agent, conversation.last_agent):
                raise NotYoursError(f"you have no part in conversation {conversation.id}")
            found = work.messages(conversation.id, query.after, query.most)
            return messages_shape(list(found), query.after)

        return jsonify(floor.read(job))

    def _agent(agent: Agent) -> Answer:
        return jsonify(agent_shape(agent, floor.read(lambda work: seen(work, agent.id))))

    return blueprint
