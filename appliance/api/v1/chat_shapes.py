"""The JSON of what belongs to a chat beside its messages."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from pydantic import Field

from appliance.api.v1.call_shapes import CallShape, call_shape
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import ConversationShape, conversation_shape
from appliance.domain.marks import Marks, Side
from appliance.domain.participants import Participant
from appliance.domain.rating import Rating
from appliance.domain.records import Conversation
from appliance.domain.visits import Visit
from appliance.domain.work import Work
from appliance.services.take_part import has_part


class MarkShape(Shape):
    """Every message up to these numbers was delivered to a side, was read by it."""

    delivered: int
    read: int


class BothMarks(Shape):
    """Of both sides."""

    contact: MarkShape
    agent: MarkShape


class ParticipantShape(Shape):
    """Who takes part beside the agent who has it."""

    agent: int
    name: str
    part: str = Field(description="`colleague` or `listener`.")
    since: datetime
    invited_by: int | None


class Participants(Shape):
    """All of one conversation."""

    items: list[ParticipantShape]


class VisitShape(Shape):
    """A page that the contact looked at."""

    url: str
    title: str
    at: datetime


class RatingShape(Shape):
    """What the contact thought of it."""

    stars: int
    comment: str
    at: datetime


class DetailShape(Shape):
    """All that the desk shows beside the messages."""

    conversation: ConversationShape
    contact_name: str
    part: str = Field(
        description="What the asker is in it: `agent`, `colleague`, `listener`, `past`, or empty."
    )
    participants: list[ParticipantShape]
    marks: BothMarks
    visits: list[VisitShape] = Field(description="Oldest first.")
    rating: RatingShape | None
    call: CallShape | None = Field(description="Null: no call goes on here.")
    cursor: int = Field(
        description="Read this first, then the messages, then follow the feed's topic "
        "`conversation/NUMBER` from here."
    )


def marks_shape(both: Mapping[Side, Marks]) -> dict[str, object]:
    """The marks of both sides as JSON."""
    return {str(side): vars(marks) for side, marks in both.items()}


def participants_shape(work: Work, found: Iterable[Participant], viewer: int) -> dict[str, object]:
    """Who takes part, as ``viewer`` may know it: nobody but a listener sees that one."""
    return {
        "items": [
            ParticipantShape(
                agent=one.agent, name=work.agent(one.agent).name, part=str(one.part),
                since=one.since, invited_by=one.invited_by,
            ).model_dump(mode="json")
            for one in found
            if one.part == "colleague" or one.agent == viewer
        ]
    }  # fmt: skip


def visits_shape(found: Iterable[Visit]) -> list[dict[str, object]]:
    """Pages as JSON."""
    return [VisitShape(**vars(one)).model_dump(mode="json") for one in found]


def rating_shape(rating: Rating | None) -> dict[str, object] | None:
    """A rating as JSON."""
    if rating is None:
        return None
    shape = RatingShape(stars=rating.stars, comment=rating.comment, at=rating.at)
    return shape.model_dump(mode="json")


def part_of_agent(work: Work, conversation: Conversation, agent: int) -> str:
    """What ``agent`` is in it."""
    if conversation.agent == agent:
        return "agent"
    there = work.participants.one(conversation.id, agent)
    if there is not None:
        return str(there.part)
    return "past" if has_part(work, conversation, agent) else ""


def detail_shape(work: Work, conversation: Conversation, agent: int, cursor: int
                 ) -> dict[str, object]:  # fmt: skip
    """See `DetailShape`."""
    there = work.participants.of(conversation.id)
    return {
        "conversation": conversation_shape(conversation),
        "contact_name": work.contact_name(conversation.contact),
        "part": part_of_agent(work, conversation, agent),
        "participants": participants_shape(work, there, agent)["items"],
        "marks": marks_shape(work.marks.of(conversation.id)),
        "visits": visits_shape(work.visits.of(conversation.id)),
        "rating": rating_shape(work.ratings.of(conversation.id)),
        "call": call_shape(work, conversation),
        "cursor": cursor,
    }
