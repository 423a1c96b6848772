"""The JSON of what an administrator lets agents fill in and choose from."""

from __future__ import annotations

from pydantic import Field

from appliance.api.v1.shape import Shape
from appliance.api.v1.tags import ETAG, tagged
from appliance.domain.canned import LANGUAGES
from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.labels import Colour, Label, LabelKind

NAMES = f"What people read, by language ({', '.join(LANGUAGES)}); one is enough."
FILLED_IN = (
    "Custom fields by key; null takes a value away, what is left out stays. A confidential one "
    "that is filled in reads as dots, and stays when the dots are sent back."
)
CONFIDENTIAL = (
    "Its values are sealed, and in no event, webhook, export or search; it never changes."
)
WORD = "What conversations, contacts, and agents who are away keep."
COLOUR = "Of tags and dispositions alone; an away reason is `grey`."
REASON = "Why, when away: the `word` of an away reason that is offered; empty: not said."
RETIRED = "Shown where it was used, and offered no more."


class FieldShape(Shape):
    """A custom field; those of one subject stand in the order of `position`."""

    id: int
    subject: Subject
    key: str
    names: dict[str, str] = Field(description=NAMES)
    kind: FieldKind
    choices: list[str]
    required: bool = Field(description="To be filled in before an agent closes a conversation.")
    position: int
    retired: bool = Field(description=RETIRED)
    confidential: bool = Field(description=CONFIDENTIAL)
    etag: str = Field(description=ETAG)


class LabelShape(Shape):
    """A tag, disposition or away reason; those of one kind stand in the order of `position`."""

    id: int
    kind: LabelKind
    word: str = Field(description=WORD)
    names: dict[str, str] = Field(description=NAMES)
    colour: Colour = Field(description=COLOUR)
    queues: list[int] = Field(description="Whose conversations it is offered for; empty: all.")
    position: int
    retired: bool = Field(description=RETIRED)
    etag: str = Field(description=ETAG)


def field_shape(one: CustomField) -> dict[str, object]:
    """A custom field as JSON."""
    return tagged({
        "id": one.id, "subject": str(one.subject), "key": one.key, "names": dict(one.names),
        "kind": str(one.kind), "choices": list(one.choices), "required": one.required,
        "position": one.position, "retired": one.retired,
        "confidential": one.confidential,
    })  # fmt: skip


def label_shape(one: Label) -> dict[str, object]:
    """A tag, disposition or away reason as JSON."""
    return tagged({
        "id": one.id, "kind": str(one.kind), "word": one.word, "names": dict(one.names),
        "colour": str(one.colour), "queues": sorted(one.queues), "position": one.position,
        "retired": one.retired,
    })  # fmt: skip
