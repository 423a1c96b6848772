"""An agent keeps what is known of a contact, and of a conversation, true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from appliance.domain.desk import MOST_NOTE, Contact, plain_tags
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Work
from appliance.services.moves import by_agent

_MOST_NAME = 200


def describe_contact(
    work: Work, contact: int, agent: int, *, name: str | None = None,
    tags: Sequence[str] | None = None, note: str | None = None,
) -> Contact:  # fmt: skip
    """Change what is given; the rest stays. Raises UnknownError, ValueError."""
    before = work.desk.contact(contact)
    changed = replace(
        before,
        name=before.name if name is None else " ".join(name.split())[:_MOST_NAME],
        tags=before.tags if tags is None else plain_tags(tags),
        note=before.note if note is None else _fitting(note.strip()),
    )
    if changed != before:
        work.desk.save_contact(changed)
        work.tell("contact.set", who=by_agent(agent), agent=agent, data={"contact": changed.id})
    return changed


def describe_conversation(
    work: Work, conversation: int, agent: int, *, tags: Sequence[str] | None = None,
    subject: str | None = None,
) -> Conversation:  # fmt: skip
    """Its tags and subject. Raises UnknownError, ValueError."""
    before = work.conversation(conversation)
    changed = replace(
        before,
        tags=before.tags if tags is None else plain_tags(tags),
        subject=before.subject if subject is None else " ".join(subject.split())[:500],
    )
    if changed != before:
        work.save(changed)
        work.tell(
            "conversation.set", who=by_agent(agent), conversation=before.id,
            agent=before.agent or agent, queue=before.queue, data={"tags": sorted(changed.tags)},
        )  # fmt: skip
    return changed


def _fitting(note: str) -> str:
    if len(note) > MOST_NOTE:
        raise InvalidError("note-too-long", length=len(note), most=MOST_NOTE)
    return note
