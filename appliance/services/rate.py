"""The contact says how it was."""

from __future__ import annotations

from appliance.domain.rating import NotYetError, Rating, may_rate
from appliance.domain.work import Work
from appliance.services.moves import by_contact


def rate(work: Work, conversation: int, stars: int, comment: str) -> Rating:
    """Keep the rating; a second one replaces the first. Raises NotYetError, ValueError."""
    found = work.conversation(conversation)
    if not may_rate(found.state, answered=found.answered_at is not None):
        raise NotYetError("rating-not-yet")
    rating = Rating(conversation, stars, comment.strip(), work.now, found.last_agent)
    work.ratings.set(rating)
    work.tell(
        "conversation.rate", who=by_contact(found.contact), conversation=conversation,
        agent=found.last_agent, queue=found.queue, data={"stars": stars},
    )  # fmt: skip
    return rating
