"""What the desk's page shows of an agent's work, and what an agent keeps true there."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from flask import jsonify
from flask_openapi3 import APIBlueprint
from pydantic import Field

from appliance.api.v1.catalogue_shapes import FILLED_IN, field_shape, label_shape
from appliance.api.v1.desk_shapes import (
    Board,
    CardShape,
    Others,
    card_version,
    cards,
)
from appliance.api.v1.here import agent_here, blueprint_for, caller, on_record, whence, who
from appliance.api.v1.shapes import (
    Answer,
    ConversationId,
    Strict,
    agent_shape,
)
from appliance.api.v1.tags import Precondition, asks_version
from appliance.domain.audit import Audit
from appliance.domain.live import agent_topic
from appliance.domain.participants import Part
from appliance.domain.records import Conversation
from appliance.domain.roles import SEE_FLOOR, TAKE_CONVERSATIONS
from appliance.domain.users import Users
from appliance.domain.work import Floor, Work
from appliance.services.describe import describe_conversation
from appliance.services.presence import seen, state_of
from appliance.services.take_part import has_part, joined
from appliance.services.transcript_reads import TranscriptReads
from appliance.services.trouble import NotYoursError


class DetailsBody(Strict):
    """What a conversation is about; whatever is left out stays."""

    tags: list[str] | None = None
    subject: str | None = Field(None, max_length=500)
    fields: dict[str, Any] | None = Field(None, description=FILLED_IN, repr=False)
    disposition: str | None = Field(
        None, max_length=200, description="The result as far as it is chosen."
    )


def board(
    floor: Floor,
    users: Users,
    audit: Audit,
    reads: TranscriptReads,
    head: Callable[[str], int],
    most_length: Callable[[], int],
) -> APIBlueprint:
    """The blueprint.

    Args:
        floor: where it is kept.
        users: who may ask.
        audit: the record.
        reads: who looks at what is another's.
        head: the newest number of a topic of the feed.
        most_length: of a message, in characters.
    """
    about = "What the desk shows of an agent's work."
    blueprint = blueprint_for("board", "/desk", about, users, TAKE_CONVERSATIONS)

    @blueprint.get("/board", summary="All that the desk shows first", responses={"200": Board})
    def first() -> Answer:
        mine = agent_here(floor).id
        cursor = head(agent_topic(mine))  # before what follows: what lies between is told again

        def job(work: Work) -> dict[str, object]:
            used = work.desk.used()
            return {
                **_others(work),
                "me": agent_shape(work.agent(mine), seen(work, mine)),
                "cards": cards(work, _mine(work, mine), mine),
                "dispositions": list(used.dispositions),
                "tags": list(used.tags),
                "labels": [label_shape(one) for one in work.labels.all()],
                "fields": [field_shape(one) for one in work.fields.all()],
                "updating": work.drained,
                "switch_silent": work.switch_silent,
            }

        return jsonify({**floor.read(job), "cursor": cursor, "most_length": most_length()})

    @blueprint.get("/others", summary="Whom a conversation can be given to",
                   responses={"200": Others})  # fmt: skip
    def others() -> Answer:
        return jsonify(floor.read(_others))

    @blueprint.get("/cards/<int:conversation>", summary="One conversation of the list",
                   responses={"200": CardShape})  # fmt: skip
    def one(path: ConversationId) -> Answer:
        mine, sees = agent_here(floor).id, caller().may(SEE_FLOOR)

        def job(work: Work) -> tuple[bool, dict[str, object]]:
            theirs = _part_in(work, path.conversation, mine, sees)
            return theirs, cards(work, [work.conversation(path.conversation)], mine)[0]

        theirs, card = floor.read(job)
        if not theirs:  # a card tells what was said last
            reads.record(who(), f"conversation {path.conversation}", whence())
        return jsonify(card)

    @blueprint.patch("/cards/<int:conversation>", summary="What it is about",
                     responses={"200": CardShape})  # fmt: skip
    @asks_version
    def details(path: ConversationId, body: DetailsBody, seen: Precondition) -> Answer:
        mine, sees = agent_here(floor).id, caller().may(SEE_FLOOR)

        def job(work: Work) -> dict[str, object]:
            _part_in(work, path.conversation, mine, sees)
            seen.check({"etag": card_version(work, work.conversation(path.conversation))})
            changed = describe_conversation(
                work,
                path.conversation,
                mine,
                tags=body.tags,
                subject=body.subject,
                fields=body.fields,
                disposition=body.disposition,
            )
            return cards(work, [changed], mine)[0]

        changed = floor.write(job)
        given = ", ".join(sorted(body.model_dump(exclude_none=True))) or "nothing"
        on_record(audit, "conversation.set", f"conversation {path.conversation}: {given}")
        return jsonify(changed)

    return blueprint


def _part_in(work: Work, conversation: int, agent: int, sees: bool) -> bool:
    """Whether it is the agent's. Raises NotYoursError: nor does whoever asks see the floor."""
    theirs = has_part(work, work.conversation(conversation), agent)
    if not (theirs or sees):
        raise NotYoursError(agent, conversation)
    return theirs


def _mine(work: Work, agent: int) -> list[Conversation]:
    """What the agent has, set aside or must still fill in; what colleagues asked them into."""
    asked = [one for part, one in joined(work, agent) if part.part is Part.COLLEAGUE]
    return [
        *work.held_by(agent),
        *work.snoozed(agent),
        *work.incomplete(agent=agent),
        *(one for one in asked if one.agent != agent),
    ]


def _others(work: Work) -> dict[str, object]:
    waiting = Counter(one.queue for one in work.waiting())
    loads, asked = work.loads(), work.participants.weigh()
    return {
        "queues": [
            {"id": queue.id, "name": queue.name, "waiting": waiting[queue.id]}
            for queue in work.queues().values()
        ],
        "colleagues": [
            {"id": one.id, "name": one.name,
             "state": state_of(one, loads.get(one.id, ()), asked_in=one.id in asked),
             "away_reason": one.away_reason, "queues": sorted(one.queues)}
            for one in work.agents()
        ],
    }  # fmt: skip
