"""An agent keeps what is known of a contact, and of a conversation, true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.domain.custom_fields import Subject, Value, filled
from appliance.domain.desk import MOST_NOTE, Contact, plain_tags
from appliance.domain.labels import check_disposition
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.work import Work
from appliance.services.complete import settled
from appliance.services.moves import by_agent

_MOST_NAME = 200


def describe_contact(
    work: Work, contact: int, agent: int, *, name: str | None = None,
    tags: Sequence[str] | None = None, note: str | None = None,
    fields: Mapping[str, object] | None = None,
) -> Contact:  # fmt: skip
    """Change what is given; the rest stays. Raises UnknownError, ValueError."""
    before = work.desk.contact(contact)
    changed = replace(
        before,
        name=before.name if name is None else " ".join(name.split())[:_MOST_NAME],
        tags=before.tags if tags is None else plain_tags(tags),
        note=before.note if note is None else _fitting(note.strip()),
        fields=_filled(work, Subject.CONTACT, before.fields, fields),
    )
    if changed != before:
        work.desk.save_contact(changed)
        for one in work.incomplete(contact=contact) if fields else ():
            _save(work, one, settled(work, one), agent)
        work.tell(
            "contact.set", who=by_agent(agent), agent=agent,
            data={"contact": changed.id, **told(changed.fields)},
        )  # fmt: skip
    return changed


def describe_conversation(
    work: Work, conversation: int, agent: int, *, tags: Sequence[str] | None = None,
    subject: str | None = None, fields: Mapping[str, object] | None = None,
    disposition: str | None = None,
) -> Conversation:  # fmt: skip
    """Its tags, subject and fields, and its result as far as it is chosen.

    Raises UnknownError, ValueError; WrongInputError: the queue does not offer that disposition.
    """
    before = work.conversation(conversation)
    if disposition is not None:
        check_disposition(work.labels.all(), before.queue, disposition)
    changed = replace(
        before,
        tags=before.tags if tags is None else plain_tags(tags),
        subject=before.subject if subject is None else " ".join(subject.split())[:500],
        fields=_filled(work, Subject.CONVERSATION, before.fields, fields),
        disposition=before.disposition if disposition is None else disposition,
    )
    changed = settled(work, changed)
    _save(work, before, changed, agent)
    return changed


def _save(work: Work, before: Conversation, changed: Conversation, agent: int) -> None:
    if changed == before:
        return
    work.save(changed)
    work.tell(
        "conversation.set", who=by_agent(agent), conversation=before.id,
        agent=before.agent or before.last_agent or agent, queue=before.queue,
        data={"tags": sorted(changed.tags), **told(changed.fields)},
    )  # fmt: skip


def told(fields: Mapping[str, Value]) -> dict[str, object]:
    """What an event tells of them."""
    return {"fields": dict(fields)} if fields else {}


def _filled(
    work: Work, subject: Subject, before: Mapping[str, Value], given: Mapping[str, object] | None
) -> Mapping[str, Value]:
    return filled(work.fields.all(), subject, before, given) if given else before


def _fitting(note: str) -> str:
    if len(note) > MOST_NOTE:
        raise InvalidError("note-too-long", length=len(note), most=MOST_NOTE)
    return note
