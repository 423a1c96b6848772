"""How a conversation stands, for its visitor."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from appliance.api.v1.chat_shapes import BothMarks, marks_shape
from appliance.api.v1.shape import Shape
from appliance.domain.conversation import WAITING, State
from appliance.domain.participants import Part
from appliance.domain.rating import may_rate
from appliance.domain.records import Conversation
from appliance.domain.work import Work
from appliance.services.waiting_places import Place

_WITH_AN_AGENT = frozenset({State.ACTIVE, State.HELD, State.SNOOZED})


class PlaceShape(Shape):
    """Where the contact stands in the row."""

    ahead: int = Field(description="How many are served before.")
    wait: int | None = Field(description="Seconds until an answer, estimated; null: unknown.")


class Standing(Shape):
    """How the conversation stands, for its visitor."""

    state: str
    waits: bool
    agent: str = Field(description="The name of whoever speaks; empty: nobody yet.")
    names: dict[str, str] = Field(description="Of the agents who spoke or speak, by their id.")
    place: PlaceShape | None = Field(description="While somebody is waited for.")
    opens_at: datetime | None = Field(
        description="When the queue opens that it waits for; null: somebody may come now."
    )
    comfort: dict[str, str] = Field(
        description="What the queue says to who waits, by language; empty: nothing."
    )
    marks: BothMarks
    may_rate: bool
    stars: int = Field(description="What the visitor rated; 0: not yet.")
    cursor: int = Field(
        description="Read this first, then the messages, then follow the feed's topic "
        "`visitor/CONVERSATION` from here: what lies between is in both, and nothing is missed."
    )


def standing_shape(
    work: Work, conversation: int, cursor: int, place: Place | None = None
) -> dict[str, object]:
    """See `Standing`."""
    found = work.conversation(conversation)
    speaks = found.agent if found.state in _WITH_AN_AGENT else None
    people = set(work.participants.speakers(conversation))
    people |= {
        one.agent for one in work.participants.of(conversation) if one.part is Part.COLLEAGUE
    }
    people |= {speaks} if speaks is not None else set()
    names = {id_: work.agent(id_).name for id_ in sorted(people)}
    rating = work.ratings.of(conversation)
    opens = _opens(work, found)
    return {
        # That an agent set it aside is no business of the visitor.
        "state": str(State.ACTIVE if found.state is State.SNOOZED else found.state),
        "waits": found.state in WAITING,
        "agent": names[speaks] if speaks is not None else "",
        "names": {str(id_): name for id_, name in names.items()},
        "place": vars(place) if place and found.state in WAITING else None,
        "opens_at": opens.isoformat() if opens else None,
        "comfort": {} if opens else _comfort(work, found),
        "marks": marks_shape(work.marks.of(conversation)),
        "may_rate": may_rate(found.state, answered=found.answered_at is not None),
        "stars": rating.stars if rating else 0,
        "cursor": cursor,
    }


def _opens(work: Work, found: Conversation) -> datetime | None:
    later = found.not_before is not None and found.not_before > work.now
    return found.not_before if later and found.state in WAITING else None


def _comfort(work: Work, found: Conversation) -> dict[str, str]:
    if found.queue is None or found.state not in WAITING:
        return {}
    return dict(work.queue(found.queue).look.comfort)
