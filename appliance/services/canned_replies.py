"""Canned replies: kept by supervisors, filled in for a conversation."""

from __future__ import annotations

from collections.abc import Mapping

from appliance.domain.canned import Canned, render
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Work
from appliance.services.take_part import has_part
from appliance.services.trouble import NotYoursError


class TakenError(InvalidError):
    """The shortcut is another reply's."""


def save_canned(work: Work, canned: Canned, who: str) -> Canned:
    """Keep it. Raises TakenError, UnknownError."""
    if canned.queue is not None:
        work.queue(canned.queue)
    other = work.canned.by_shortcut(canned.shortcut)
    if other is not None and other.id != canned.id:
        raise TakenError("canned-taken", shortcut=canned.shortcut)
    kept = work.canned.save(canned)
    work.tell("canned.set", who=who, queue=kept.queue, data={"id": kept.id})
    return kept


def remove_canned(work: Work, id: int, who: str) -> Canned:  # noqa: A002
    """It is gone. Raises UnknownError."""
    gone = work.canned.one(id)
    work.canned.remove(id)
    work.tell("canned.removed", who=who, queue=gone.queue, data={"id": id})
    return gone


def fill_in(work: Work, id: int, conversation: int, agent: int, language: str) -> str:  # noqa: A002
    """A reply's text for one conversation.

    Raises:
        NotYoursError, UnknownError, UnknownVariableError.
    """
    if not has_part(work, work.conversation(conversation), agent):
        raise NotYoursError(agent, conversation)
    return render(work.canned.one(id).text(language), _values(work, conversation, agent))


def _values(work: Work, conversation: int, agent: int) -> Mapping[str, str]:
    found = work.conversation(conversation)
    return {
        "contact.name": work.contact_name(found.contact),
        "agent.name": work.agent(agent).name,
        "queue.name": work.queue(found.queue).name if found.queue is not None else "",
        "conversation.number": str(found.id),
    }
