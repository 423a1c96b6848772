"""The contact's browser tells which page is looked at."""

from __future__ import annotations

from collections.abc import Sequence

from appliance.domain.visits import Visit, news, visit
from appliance.domain.work import Work
from appliance.services.moves import by_contact


def visited(work: Work, conversation: int, url: str, title: str, most: int) -> Sequence[Visit]:
    """Keep the page, and no more than the last ``most``; a reload or no page at all is nothing."""
    found = work.conversation(conversation)
    kept = work.visits.of(conversation)
    told = visit(url, title, work.now)
    if told is None or not news(kept, told):
        return kept
    work.visits.add(conversation, told, most)
    work.tell(
        "message.visited", who=by_contact(found.contact), conversation=conversation,
        agent=found.agent, queue=found.queue, data={"url": told.url, "title": told.title},
        kept=False,
    )  # fmt: skip
    return work.visits.of(conversation)
