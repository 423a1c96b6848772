"""The JSON of what the floor keeps."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol, TypeVar

from flask import Response
from pydantic import ConfigDict, Field, StrictBool

from appliance.api.v1.shape import Shape
from appliance.api.v1.tags import ETAG, etag_of
from appliance.domain.records import Agent, Conversation, Message
from appliance.services.say_message import as_told

# What a view answers; flask.typing's own cannot be looked at while the program runs.
Answer = Response | tuple[Response, int]


class Strict(Shape):
    """A body: what is not described is refused, so that a typing error is not silently ignored."""

    model_config = ConfigDict(extra="forbid")


class ConversationId(Shape):
    """In the path."""

    conversation: int = Field(ge=1, le=2**31 - 1)


class Page(Shape):
    """Which part of a list."""

    after: int = Field(0, ge=0, le=2**31 - 1, description="The cursor that the page before gave.")
    most: int = Field(50, ge=1, le=200, description="How many at most.")


class WordPage(Shape):
    """Which part of a list whose things have words for ids."""

    after: str = Field("", max_length=64, description="The cursor that the page before gave.")
    most: int = Field(50, ge=1, le=200, description="How many at most.")


class _Numbered(Protocol):
    @property
    def id(self) -> int: ...


N = TypeVar("N", bound=_Numbered)
T = TypeVar("T")


def part_of(everything: Iterable[N], page: Page) -> tuple[Sequence[N], int]:
    """The page's part of a list, by id, and the cursor of the next one (0: this is the end)."""
    found, more = _part(everything, page.after, page.most, lambda one: one.id)
    return found, found[-1].id if more else 0


def part_by_word(
    everything: Iterable[T], page: WordPage, word: Callable[[T], str]
) -> tuple[Sequence[T], str]:
    """The same where ids are words; an empty cursor: this is the end."""
    found, more = _part(everything, page.after, page.most, word)
    return found, word(found[-1]) if more else ""


def _part(
    everything: Iterable[T], after: Any, most: int, id_of: Callable[[T], Any]
) -> tuple[Sequence[T], bool]:
    rest = sorted((one for one in everything if id_of(one) > after), key=id_of)
    return rest[:most], len(rest) > most


FieldValue = StrictBool | int | float | str


class ConversationShape(Shape):
    """A conversation."""

    id: int
    channel: str
    contact: int
    state: str
    state_since: datetime | None
    queue: int | None
    waiting_since: datetime | None
    priority: int
    tags: list[str]
    subject: str
    agent: int | None
    created_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    closes_at: datetime | None
    disposition: str
    messages: int = Field(description="The number of its last message.")
    snoozed_until: datetime | None = Field(
        description="While `snoozed`; null: until the contact writes."
    )
    woken: str = Field(
        description="Back from being snoozed because of `time`, `contact` or `agent`; else empty."
    )
    fields: dict[str, FieldValue] = Field(description="Custom fields that are filled in, by key.")
    incomplete: bool = Field(
        description="It closed by time while a required field was missing, and it still is."
    )


class AttachmentShape(Shape):
    """A file that came with a message; where it can be fetched is asked for apart."""

    id: str
    name: str
    type: str
    size: int = Field(description="Bytes.")
    shown: bool = Field(description="A picture that can be shown in the page.")


class MessageShape(Shape):
    """A message."""

    number: int
    key: str
    author: str
    agent: int | None
    internal: bool
    text: str
    at: datetime
    attachment: AttachmentShape | None


class Messages(Shape):
    """A page of messages; `cursor` is the next page's `after`."""

    items: list[MessageShape]
    cursor: int


class AgentShape(Shape):
    """An agent, with the state that colleagues see."""

    id: int
    name: str
    state: str
    presence: str
    presence_since: datetime | None
    away_reason: str
    capacity: int
    groups: list[str]
    skills: dict[str, int]
    queues: list[int]
    etag: str = Field("", description=ETAG)


def as_shape(shape: type[Shape], record: object, **otherwise: Any) -> dict[str, Any]:
    """A record's values as JSON: what ``shape`` names, or ``otherwise`` in its stead."""
    taken = {name: getattr(record, name) for name in shape.model_fields if name not in otherwise}
    return shape(**taken, **otherwise).model_dump(mode="json")


def conversation_shape(one: Conversation) -> dict[str, object]:
    """A conversation as JSON."""
    return as_shape(ConversationShape, one, tags=sorted(one.tags), fields=dict(one.fields))


def message_shape(one: Message) -> dict[str, object]:
    """A message as JSON."""
    return {  # as `MessageShape` would say it; there are too many to ask it each time
        "number": one.number, "key": one.key, "author": str(one.author), "agent": one.agent,
        "internal": one.internal, "text": one.text,
        "at": one.at.isoformat().replace("+00:00", "Z"),
        "attachment": one.attachment and as_told(one.attachment),
    }  # fmt: skip


def messages_shape(found: list[Message], after: int) -> dict[str, object]:
    """A page of messages as JSON."""
    return {
        "items": [message_shape(one) for one in found],
        "cursor": found[-1].number if found else after,
    }


def agent_shape(one: Agent, state: str) -> dict[str, object]:
    """An agent as JSON."""
    values = {name: getattr(one, name) for name in AgentShape.model_fields
              if name not in {"state", "etag"}}  # fmt: skip
    values |= {"groups": sorted(one.groups), "queues": sorted(one.queues), "state": state}
    # The version is that of what an administrator edits: presence changes with every conversation.
    edited = {name: values[name] for name in ("id", "capacity", "groups", "skills", "queues")}
    return AgentShape(**values, etag=etag_of(edited)).model_dump(mode="json")
