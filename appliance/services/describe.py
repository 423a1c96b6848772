"""An agent keeps what is known of a contact, and of a conversation, true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from appliance.domain.confidential import Given, given_anew, set_apart
from appliance.domain.contact import Identity
from appliance.domain.custom_fields import Subject, Value, filled
from appliance.domain.desk import MOST_NOTE, Contact, plain_tags
from appliance.domain.labels import check_disposition
from appliance.domain.records import Conversation
from appliance.domain.refusals import InvalidError
from appliance.domain.telephony.dialling import plain_number
from appliance.domain.work import Work
from appliance.services.complete import settled
from appliance.services.moves import by_agent
from appliance.services.one_person import one_person

_MOST_NAME = 200


def describe_contact(
    work: Work, contact: int, agent: int, *, name: str | None = None,
    tags: Sequence[str] | None = None, note: str | None = None,
    fields: Mapping[str, object] | None = None, number: str | None = None,
) -> Contact:  # fmt: skip
    """Change what is given; the rest stays. Who calls from ``number`` is this contact from now on.

    Raises UnknownError, ValueError; InvalidError: it is no number, or of somebody who is known.
    """
    known = work.desk.contact(contact).id
    new = number is not None and _know(work, known, plain_number(number), agent)
    before = work.desk.contact(known)
    values, secrets = _filled(work, Subject.CONTACT, before.fields, fields)
    changed = replace(
        before,
        name=before.name if name is None else " ".join(name.split())[:_MOST_NAME],
        tags=before.tags if tags is None else plain_tags(tags),
        note=before.note if note is None else _fitting(note.strip()),
        fields=values,
    )
    _seal(work, Subject.CONTACT, before.id, secrets, agent)
    if changed != before or secrets or new:
        work.desk.save_contact(changed)
        for one in work.incomplete(contact=contact) if fields else ():
            _save(work, one, settled(work, one), agent)
        work.tell(
            "contact.set", who=by_agent(agent), agent=agent,
            data={"contact": changed.id, **told(changed.fields)},
        )  # fmt: skip
    return changed


def _know(work: Work, contact: int, number: str, agent: int) -> bool:
    """Whether the number was not the contact's before.

    Of whom nothing is known but that they called from it, turns out to be this contact.
    """
    identity = Identity("number", number)
    whose = work.contacts_of([identity]).get(identity)
    if whose is None:
        work.add_identities(contact, [identity])
        return True
    other = work.desk.contact(whose)
    if other.id == contact:
        return False
    if other.name not in {"", number} or len(work.desk.identities_of(other.id)) > 1:
        name = other.name or number
        raise InvalidError("number-of-another", number=number, name=name, contact=other.id)
    one_person(work, contact, [other.id], by_agent(agent))
    return True


def describe_conversation(
    work: Work, conversation: int, agent: int, *, tags: Sequence[str] | None = None,
    subject: str | None = None, fields: Mapping[str, object] | None = None,
    disposition: str | None = None,
) -> Conversation:  # fmt: skip
    """Its tags, subject and fields, and its result as far as it is chosen.

    Raises UnknownError, ValueError; WrongInputError: the queue does not offer that disposition.
    """
    before = work.conversation(conversation)
    values, secrets = _filled(work, Subject.CONVERSATION, before.fields, fields)
    if disposition is not None:
        check_disposition(work.labels.all(), before.queue, disposition)
    changed = replace(
        before,
        tags=before.tags if tags is None else plain_tags(tags),
        subject=before.subject if subject is None else " ".join(subject.split())[:500],
        fields=values,
        disposition=before.disposition if disposition is None else disposition,
    )
    changed = settled(work, changed)
    _seal(work, Subject.CONVERSATION, before.id, secrets, agent)
    _save(work, before, changed, agent, anyway=bool(secrets))
    return changed


def _save(
    work: Work, before: Conversation, changed: Conversation, agent: int, *, anyway: bool = False
) -> None:
    if changed == before and not anyway:
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
    work: Work, subject: Subject, before: Mapping[str, Value], fields: Mapping[str, object] | None
) -> tuple[Mapping[str, Value], Mapping[str, Value | None]]:
    """What the record keeps, and what is to be sealed."""
    if not fields:
        return before, {}
    known = work.fields.all()
    given = given_anew(known, subject, fields)
    return set_apart(known, subject, filled(known, subject, before, given), given)


def _seal(
    work: Work, subject: Subject, owner: int, secrets: Mapping[str, Value | None], agent: int
) -> None:
    for key, value in secrets.items():
        work.confidential.keep(subject, owner, key, value, Given(work.now, agent))


def _fitting(note: str) -> str:
    if len(note) > MOST_NOTE:
        raise InvalidError("note-too-long", length=len(note), most=MOST_NOTE)
    return note
