"""What an agent does with a conversation: accept, decline, hold, transfer, end, close."""

from __future__ import annotations

from collections.abc import Callable

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.access import require
from appliance.api.v1.here import agent_here, user
from appliance.api.v1.shapes import (
    Answer,
    ConversationId,
    ConversationShape,
    Strict,
    conversation_shape,
)
from appliance.domain.records import Conversation
from appliance.domain.roles import HELP_OTHERS
from appliance.domain.work import Floor, Work
from appliance.services import talk
from appliance.services.answer_offer import accept_offer, decline_offer
from appliance.services.keep_moving import change

Verb = Callable[[Work, int, int], Conversation]

_ONE = "/conversations/<int:conversation>"
# Those that need nothing but the conversation and who asks.
_PLAIN: dict[str, tuple[str, Verb, str]] = {
    "accept": ("Take what rings at me", accept_offer, ""),
    "decline": ("Do not take it", decline_offer, ""),
    "hold": ("Let the contact wait", talk.hold, ""),
    "resume": ("Speak again", talk.resume, ""),
    "end": ("End it", talk.end, ""),
    "take-over": ("Go on in its agent's stead", talk.take_over, HELP_OTHERS),
}


class TransferBody(Strict):
    """Where to: one of the two."""

    queue: int | None = None
    agent: int | None = None


class CloseBody(Strict):
    """How it went."""

    disposition: str = Field("", max_length=200)


def add_verbs(blueprint: APIBlueprint, floor: Floor) -> None:
    """Add them to the desk's blueprint."""
    for verb, (summary, use_case, permission) in _PLAIN.items():
        _add(blueprint, floor, verb, summary, use_case, permission)

    @blueprint.post(
        f"{_ONE}/transfer", summary="Give it away", responses={"200": ConversationShape}
    )
    def transfer(path: ConversationId, body: TransferBody) -> Answer:
        mine = agent_here(floor).id
        queue, agent = body.queue, body.agent
        if (queue is None) == (agent is None):
            raise ValueError("Name either a queue or an agent to transfer to")

        def job(work: Work) -> Conversation:
            if queue is not None:
                return talk.transfer_to_queue(work, path.conversation, mine, queue)
            assert agent is not None  # noqa: S101 - looked at above
            return talk.transfer_to_agent(work, path.conversation, mine, agent)

        return jsonify(conversation_shape(change(floor, job)))

    @blueprint.post(
        f"{_ONE}/close", summary="The work after it is done", responses={"200": ConversationShape}
    )
    def close(path: ConversationId, body: CloseBody) -> Answer:
        mine = agent_here(floor).id
        closed = change(
            floor, lambda work: talk.close(work, path.conversation, mine, body.disposition)
        )
        return jsonify(conversation_shape(closed))


def _add(
    blueprint: APIBlueprint, floor: Floor, verb: str, summary: str, use_case: Verb, permission: str
) -> None:
    def view(path: ConversationId) -> Answer:
        if permission:
            require(user(), permission)
        mine = agent_here(floor).id
        done = change(floor, lambda work: use_case(work, path.conversation, mine))
        return jsonify(conversation_shape(done))

    view.__name__ = verb.replace("-", "_")
    blueprint.post(f"{_ONE}/{verb}", summary=summary, responses={"200": ConversationShape})(view)
