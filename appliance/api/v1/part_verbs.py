"""What either side does beside speaking: marks, pages, a rating; colleagues asked in."""

from __future__ import annotations

from collections.abc import Callable

from pydantic import BaseModel, Field

from appliance.api.v1.chat_shapes import (
    BothMarks,
    Participants,
    RatingShape,
    VisitShape,
    marks_shape,
    participants_shape,
    rating_shape,
    visits_shape,
)
from appliance.api.v1.shapes import Strict
from appliance.api.v1.verbs import Here, Verb
from appliance.domain.rating import MOST_COMMENT
from appliance.domain.work import Work
from appliance.services.marks import mark
from appliance.services.rate import rate
from appliance.services.take_part import invite, part
from appliance.services.visited import visited

_NUMBER = Field(0, ge=0, le=2**31 - 1, description="The number of the last message; 0: as before.")


class MarkBody(Strict):
    """How far this side is; a mark never goes back, and what is read was delivered."""

    delivered: int = _NUMBER
    read: int = _NUMBER


class ColleagueBody(Strict):
    """Who."""

    agent: int = Field(ge=1, le=2**31 - 1)


class VisitBody(Strict):
    """The page that is looked at."""

    url: str = Field(max_length=4000)
    title: str = Field("", max_length=1000)


class Visits(BaseModel):
    """The last pages, oldest first."""

    items: list[VisitShape]


class RateBody(Strict):
    """How it was."""

    stars: int = Field(ge=1, le=5)
    comment: str = Field("", max_length=MOST_COMMENT)


_MARK = ("mark", "/marks", "Say how far I have received and read", BothMarks)


def desk_part_verbs() -> tuple[Verb, ...]:
    """What an agent does beside speaking."""

    def invited(work: Work, here: Here, body: ColleagueBody) -> dict[str, object]:
        found = invite(work, here.conversation, here.by, body.agent)
        return participants_shape(work, found, here.by)

    def gone(work: Work, here: Here, body: ColleagueBody) -> dict[str, object]:
        found = part(work, here.conversation, here.by, body.agent)
        return participants_shape(work, found, here.by)

    return (
        Verb(*_MARK, _mark, MarkBody),
        Verb("invite", "/invite", "Ask a colleague in", Participants, invited, ColleagueBody),
        Verb("part", "/part", "Go again, or send a colleague out", Participants, gone,
             ColleagueBody),
    )  # fmt: skip


def visitor_part_verbs(most_visits: Callable[[], int]) -> tuple[Verb, ...]:
    """What a visitor does beside speaking; ``most_visits`` is how many pages are kept."""

    def saw(work: Work, here: Here, body: VisitBody) -> dict[str, object]:
        found = visited(work, here.conversation, body.url, body.title, most_visits())
        return {"items": visits_shape(found)}

    def rated(work: Work, here: Here, body: RateBody) -> dict[str, object]:
        return rating_shape(rate(work, here.conversation, body.stars, body.comment)) or {}

    return (
        Verb(*_MARK, _mark, MarkBody),
        Verb("visit", "/visits", "Say which page I look at", Visits, saw, VisitBody),
        Verb("rate", "/rating", "Say how it was", RatingShape, rated, RateBody),
    )


def _mark(work: Work, here: Here, body: MarkBody) -> dict[str, object]:
    both = mark(work, here.conversation, here.agent, delivered=body.delivered, read=body.read)
    return marks_shape(both)
