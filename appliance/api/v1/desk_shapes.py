"""The JSON of what an agent sees at one glance."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic import Field

from appliance.api.v1.catalogue_shapes import FieldShape, LabelShape
from appliance.api.v1.chat_shapes import part_of_agent
from appliance.api.v1.shape import Shape
from appliance.api.v1.shapes import (
    AgentShape,
    ConversationShape,
    FieldValue,
    as_shape,
    conversation_shape,
)
from appliance.api.v1.tags import etag_of
from appliance.domain.confidential import MASK, Given
from appliance.domain.conversation import State
from appliance.domain.custom_fields import Subject, Value
from appliance.domain.desk import Contact, Glance
from appliance.domain.records import Conversation, Offer
from appliance.domain.telephony.channels import CALLS
from appliance.domain.work import Work
from appliance.services.telephony.follow_call import SWITCH_LOST
from common.clock import stamp


class OfferShape(Shape):
    """It rings at the agent until `until`; `why` names the reason and its blanks."""

    made_at: datetime
    until: datetime
    why: dict[str, Any]


class LastShape(Shape):
    """What was said last; of a long text the beginning."""

    author: str
    text: str
    at: datetime
    file: str = Field("", description="The name of one that came with it.")
    agent: int | None = Field(None, description="Who said it, if an agent did.")


class DialShape(Shape):
    """A call that we make."""

    number: str
    tries: int = Field(description="In vain so far.")
    reached: bool = Field(description="Whether somebody answered there.")
    outcome: str = Field(
        description="Why the last try reached nobody: `busy`, `no_answer`, `congested`, "
        "`no_number`, `unreachable`, `failed`; `agent`: my phone was put down before; `no_phone`. "
        "Empty: none was in vain."
    )


class GivenShape(Shape):
    """Whose a confidential value is."""

    at: datetime | None = Field(description="When it was filled in; null: nobody knows.")
    by: str = Field(description="The agent's name; empty: nobody knows.")


_GIVEN = "Whose the confidential values in `fields` are, by key."


class CardShape(ConversationShape):
    """A conversation in an agent's list."""

    contact_name: str = Field(description="May be empty.")
    offer: OfferShape | None
    last: LastShape | None = Field(description="What was said last, notes left out.")
    unanswered_since: datetime | None = Field(
        description="When the contact began to wait for an answer."
    )
    given: dict[str, GivenShape] = Field(description=_GIVEN)
    dial: DialShape | None = Field(description="Null: nobody is to be called.")
    lost: bool = Field(
        description="A call that ended because the switch was not reached for too long, or had "
        "ended."
    )
    etag: str = Field(
        description="The version of what is edited of it: tags, subject, fields, disposition. What "
        "is said, and where it stands, changes nothing of it."
    )
    part: str = Field(
        description="What the asker is in it: `agent`, `colleague`, `listener`, `past`, or empty."
    )


class QueueName(Shape):
    """A queue, for those who do not set it."""

    id: int
    name: str
    waiting: int


class Colleague(Shape):
    """An agent, as colleagues see them."""

    id: int
    name: str
    state: str
    away_reason: str
    queues: list[int] = Field(description="Whose conversations they can be given.")


class Others(Shape):
    """Whom a conversation can be given to."""

    queues: list[QueueName]
    colleagues: list[Colleague]


class Board(Others):
    """All that the desk shows first; follow the feed's topic `agent/ME` from `cursor`."""

    me: AgentShape
    cards: list[CardShape]
    dispositions: list[str] = Field(description="Used lately, most used first.")
    tags: list[str] = Field(description="Used lately, most used first.")
    labels: list[LabelShape] = Field(
        description="Tags, dispositions and away reasons that are kept."
    )
    fields: list[FieldShape] = Field(description="What can be filled in.")
    updating: bool = Field(description="An update waits for this program: nothing is offered.")
    switch_silent: bool = Field(
        description="The telephones' switch does not answer: no call is offered."
    )
    most_length: int = Field(description="Of a message, in characters.")
    cursor: int


class IdentityShape(Shape):
    """One way in which a contact is recognised."""

    kind: str
    value: str
    sure: bool


class ContactShape(Shape):
    """A contact."""

    id: int
    name: str
    created_at: datetime
    tags: list[str]
    note: str
    fields: dict[str, FieldValue] = Field(description="Custom fields that are filled in, by key.")
    given: dict[str, GivenShape] = Field(description=_GIVEN)
    etag: str


class ContactPage(ContactShape):
    """A contact with what was before."""

    identities: list[IdentityShape]
    history: list[ConversationShape] = Field(description="Newest first, at most 50.")


def cards(work: Work, conversations: list[Conversation], agent: int) -> list[dict[str, object]]:
    """Conversations in the list of ``agent``, as JSON."""
    glances = work.desk.glances(conversations)
    return [
        {
            **_card(one, glances[one.id], _offer(work, one)),
            "etag": card_version(work, one),
            "given": _given_shape(work, _given(work, Subject.CONVERSATION, one.id, one.fields)),
            "dial": _dial(work, one),
            "lost": _lost(work, one),
            "part": part_of_agent(work, one, agent),
        }
        for one in conversations
    ]


def _dial(work: Work, one: Conversation) -> dict[str, object] | None:
    call = work.calls.of(one.id) if one.channel in CALLS else None
    if call is None or not call.number:
        return None
    return {
        "number": call.number, "tries": call.attempts, "reached": call.reached,
        "outcome": call.outcome,
    }  # fmt: skip


def _lost(work: Work, one: Conversation) -> bool:
    call = work.calls.of(one.id) if one.channel in CALLS else None
    return call is not None and call.outcome == SWITCH_LOST


def _offer(work: Work, one: Conversation) -> Offer | None:
    return work.ringing(one.id) if one.state is State.OFFERED else None


def _card(one: Conversation, glance: Glance, offer: Offer | None) -> dict[str, object]:
    since = glance.unanswered_since
    return {
        **conversation_shape(one),
        "contact_name": glance.contact_name,
        "offer": _picked(OfferShape, offer),
        "last": _picked(LastShape, glance.last),
        "unanswered_since": since.isoformat() if since else None,
    }


def card_version(work: Work, one: Conversation) -> str:
    """The version of what agents edit of a conversation."""
    given = [
        each.version for each in _given(work, Subject.CONVERSATION, one.id, one.fields).values()
    ]
    edited = (one.id, sorted(one.tags), one.subject, dict(one.fields), one.disposition, *given)
    return etag_of({"edited": edited})


def _given(
    work: Work, subject: Subject, owner: int, fields: Mapping[str, Value]
) -> Mapping[str, Given]:
    """Whose the confidential values are, which all look alike."""
    return work.confidential.given(subject, owner) if MASK in fields.values() else {}


def _given_shape(work: Work, given: Mapping[str, Given]) -> dict[str, dict[str, object]]:
    names = {one.id: one.name for one in work.agents()} if given else {}
    return {
        key: {"at": one.at and stamp(one.at), "by": names.get(one.by or 0, "")}
        for key, one in given.items()
    }


def _picked(shape: type[Shape], record: object | None) -> dict[str, object] | None:
    return None if record is None else as_shape(shape, record)


def contact_shape(work: Work, one: Contact) -> dict[str, object]:
    """A contact as JSON, with its version."""
    given = _given(work, Subject.CONTACT, one.id, one.fields)
    values = {
        **vars(one), "tags": sorted(one.tags), "fields": dict(one.fields), "etag": "",
        "given": _given_shape(work, given),
    }  # fmt: skip
    shape = ContactShape(**values).model_dump(mode="json")
    return {**shape, "etag": etag_of({**shape, "given": [each.version for each in given.values()]})}
