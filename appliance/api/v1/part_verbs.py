"""What either side does beside speaking: marks, pages, a rating; colleagues asked in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pydantic import Field

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
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import ConversationShape, Strict, conversation_shape
from appliance.api.v1.verbs import Here, Nothing, Verb
from appliance.domain.rating import MOST_COMMENT
from appliance.domain.work import Work
from appliance.services.marks import mark
from appliance.services.rate import rate
from appliance.services.take_part import invite, part
from appliance.services.telephony.guests import hand_over
from appliance.services.transcripts import ask_transcript
from appliance.services.typing import Typing
from appliance.services.visited import visited

MOST_AT_ONCE = 20  # pages that a visitor looked at before
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


class Visits(Shape):
    """The last pages, oldest first."""

    items: list[VisitShape]


class RateBody(Strict):
    """How it was."""

    stars: int = Field(ge=1, le=5)
    comment: str = Field("", max_length=MOST_COMMENT)


class TranscriptBody(Strict):
    """Where to."""

    address: str = Field(max_length=254, description="A mail address.")
    language: str = Field("zh-CN", max_length=16, description="`zh-CN` or `en`.")


class TranscriptShape(Shape):
    """A transcript that was asked for; the feed tells when it is sent, or could not be."""

    id: int
    state: str = Field(description="`waiting`, `sent`, `failed`.")


class Told(Shape):
    """Nothing more to say."""


@dataclass(frozen=True)
class Beside:
    """What these verbs need beside the floor.

    Attributes:
        typing: tells that somebody types.
        can_send: whether mail can be sent.
        most_visits: how many pages are kept.
    """

    typing: Typing
    can_send: Callable[[], bool]
    most_visits: Callable[[], int]

    def shared(self) -> tuple[Verb, ...]:
        """What both sides do."""

        def types(work: Work, here: Here, _body: Nothing) -> dict[str, object]:
            self.typing.types(work, here.conversation, here.agent)
            return {}

        def ask(work: Work, here: Here, body: TranscriptBody) -> dict[str, object]:
            asked = ask_transcript(
                work, here.conversation, here.agent, body.address, body.language,
                can_send=self.can_send(),
            )  # fmt: skip
            return {"id": asked.id, "state": str(asked.state)}

        return (
            Verb(*_MARK, _mark, MarkBody),
            Verb("typing", "/typing", "Say that I type", Told, types, aside=self.typing.aside),
            Verb("transcript", "/transcript", "Have what was said sent by mail", TranscriptShape,
                 ask, TranscriptBody),
        )  # fmt: skip


_MARK = ("mark", "/marks", "Say how far I have received and read", BothMarks)


def desk_part_verbs(beside: Beside) -> tuple[Verb, ...]:
    """What an agent does beside speaking."""

    def invited(work: Work, here: Here, body: ColleagueBody) -> dict[str, object]:
        found = invite(work, here.conversation, here.by, body.agent)
        return participants_shape(work, found, here.by)

    def gone(work: Work, here: Here, body: ColleagueBody) -> dict[str, object]:
        found = part(work, here.conversation, here.by, body.agent)
        return participants_shape(work, found, here.by)

    def handed(work: Work, here: Here, body: ColleagueBody) -> dict[str, object]:
        return conversation_shape(hand_over(work, here.conversation, here.by, body.agent))

    return (
        *beside.shared(),
        Verb("invite", "/invite", "Ask a colleague in", Participants, invited, ColleagueBody),
        Verb("part", "/part", "Go again, or send a colleague out", Participants, gone,
             ColleagueBody),
        Verb("hand_over", "/hand-over", "Let a colleague who takes part go on with it",
             ConversationShape, handed, ColleagueBody),
    )  # fmt: skip


def visitor_part_verbs(beside: Beside) -> tuple[Verb, ...]:
    """What a visitor does beside speaking."""

    def saw(work: Work, here: Here, body: VisitBody) -> dict[str, object]:
        found = visited(work, here.conversation, body.url, body.title, beside.most_visits())
        return {"items": visits_shape(found)}

    def rated(work: Work, here: Here, body: RateBody) -> dict[str, object]:
        return rating_shape(rate(work, here.conversation, body.stars, body.comment)) or {}

    return (
        *beside.shared(),
        Verb("visit", "/visits", "Say which page I look at", Visits, saw, VisitBody),
        Verb("rate", "/rating", "Say how it was", RatingShape, rated, RateBody),
    )


def _mark(work: Work, here: Here, body: MarkBody) -> dict[str, object]:
    both = mark(work, here.conversation, here.agent, delivered=body.delivered, read=body.read)
    return marks_shape(both)
