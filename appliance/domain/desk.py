"""What an agent sees of a conversation and of its contact at one glance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol

from appliance.domain.contact import Identity
from appliance.domain.custom_fields import Value
from appliance.domain.records import Author, Conversation
from appliance.domain.refusals import InvalidError

MOST_TAGS = 20
MOST_TAG = 40  # characters
MOST_NOTE = 4000


@dataclass(frozen=True)
class Contact:
    """A person, as agents know them.

    Attributes:
        note: what colleagues should know; of agents, for agents.
        fields: what was filled in of `appliance.domain.custom_fields`, by key.
    """

    id: int
    name: str
    created_at: datetime
    tags: frozenset[str] = frozenset()
    note: str = ""
    fields: Mapping[str, Value] = field(default_factory=dict, hash=False)


def merged(contact: Contact, others: Sequence[Contact]) -> Contact:
    """``contact`` with what is known of ``others``, who are the same person.

    What it says itself wins; a note is never lost.
    """
    everybody = [contact, *others]
    notes = dict.fromkeys(one.note for one in everybody if one.note)
    fields = {key: value for one in reversed(everybody) for key, value in one.fields.items()}
    return replace(
        contact,
        name=next((one.name for one in everybody if one.name), ""),
        tags=frozenset().union(*(one.tags for one in everybody)),
        note="\n".join(notes),
        fields=fields,
    )


@dataclass(frozen=True)
class Last:
    """What was said last; of a long text the beginning.

    Attributes:
        file: the name of one with it.
        agent: who said it, if an agent did.
    """

    author: Author
    text: str
    at: datetime
    file: str = ""
    agent: int | None = None


@dataclass(frozen=True)
class Glance:
    """A conversation's line in a list.

    Attributes:
        contact_name: may be empty.
        last: what was said last, notes left out; None: nothing yet.
        unanswered_since: when the contact began to wait for an answer; None: they do not.
    """

    contact_name: str
    last: Last | None
    unanswered_since: datetime | None


@dataclass(frozen=True)
class Used:
    """Words that were used lately, most used first: for suggestions."""

    dispositions: Sequence[str] = field(default_factory=tuple)
    tags: Sequence[str] = field(default_factory=tuple)


class Desk(Protocol):
    """Where it is read."""

    def glances(self, conversations: Sequence[Conversation]) -> Mapping[int, Glance]:
        """By conversation."""
        ...

    def names(self, contacts: set[int]) -> Mapping[int, str]:
        """Of these contacts; empty for whoever did not say."""
        ...

    def contact(self, id: int) -> Contact:  # noqa: A002
        """Raises UnknownError."""
        ...

    def save_contact(self, contact: Contact) -> None:
        """Replace what is kept."""
        ...

    def identities_of(self, contact: int) -> Sequence[Identity]:
        """All of a contact's."""
        ...

    def history_of(self, contact: int, most: int) -> Sequence[int]:
        """The numbers of the contact's newest conversations, newest first."""
        ...

    def used(self) -> Used:
        """In the newest conversations."""
        ...


def plain_tags(given: Sequence[str]) -> frozenset[str]:
    """Tags as they are kept: without space around. Raises ValueError."""
    tags = frozenset(tag for one in given if (tag := " ".join(one.split())))
    if len(tags) > MOST_TAGS:
        raise InvalidError("too-many-tags", count=len(tags), most=MOST_TAGS)
    long = next((tag for tag in tags if len(tag) > MOST_TAG), None)
    if long is not None:
        raise InvalidError("tag-too-long", tag=f"{long[:20]}…", most=MOST_TAG)
    return tags
