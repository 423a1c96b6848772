"""Fields that an administrator adds to contacts and to conversations.

A field's key, subject, kind and whether it is confidential never change, and it is retired instead
of removed: what was filled in stays readable for ever.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from appliance.domain.names import WrongInputError, plain_names

Value = str | int | float | bool
MOST_TEXT = 1000  # characters
MOST_CHOICES = 50
MOST_CHOICE = 60  # characters
MOST_FIELDS = 40  # in use, of contacts or of conversations
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_NUMBER = 10**15  # what a browser's number holds exactly


class Subject(StrEnum):
    """What a field is of."""

    CONTACT = "contact"
    CONVERSATION = "conversation"


class FieldKind(StrEnum):
    """What can be filled in."""

    TEXT = "text"
    NUMBER = "number"
    CHOICE = "choice"
    DATE = "date"
    YES_NO = "yes_no"


@dataclass(frozen=True)
class CustomField:
    """One field.

    Attributes:
        key: its name for programs; one of its kind in its subject.
        names: what people read, by language.
        choices: what can be chosen; of the kind ``choice`` alone.
        required: a conversation is not closed by an agent before it is filled in.
        position: where it stands among the others; the lowest first.
        retired: it is shown where it was filled in, and asked no more.
        confidential: its values are sealed and shown to few; see `appliance.domain.confidential`.
    """

    id: int
    subject: Subject
    key: str
    names: Mapping[str, str]
    kind: FieldKind = FieldKind.TEXT
    choices: Sequence[str] = ()
    required: bool = False
    position: int = 0
    retired: bool = False
    confidential: bool = False

    def __post_init__(self) -> None:
        if not _KEY.fullmatch(self.key):
            raise WrongInputError("field-key", "key")
        object.__setattr__(self, "names", plain_names(self.names))
        choices = tuple(dict.fromkeys(text for one in self.choices if (text := one.strip())))
        object.__setattr__(self, "choices", choices)
        if self.kind is FieldKind.CHOICE and not choices:
            raise WrongInputError("field-choices-missing", "choices")
        if self.kind is not FieldKind.CHOICE and choices:
            raise WrongInputError("field-choices-none", "choices", of=str(self.kind))
        if len(choices) > MOST_CHOICES or any(len(one) > MOST_CHOICE for one in choices):
            raise WrongInputError("field-choices", "choices", most=MOST_CHOICES, length=MOST_CHOICE)


def in_use(fields: Iterable[CustomField], subject: Subject) -> list[CustomField]:
    """Those of a subject that are asked now, in their order."""
    found = [one for one in fields if one.subject is subject and not one.retired]
    return sorted(found, key=lambda one: (one.position, one.id))


def filled(
    fields: Iterable[CustomField],
    subject: Subject,
    before: Mapping[str, Value],
    given: Mapping[str, object],
) -> dict[str, Value]:
    """``before`` with what is ``given``; None or an empty text takes a value away.

    Raises WrongInputError, which names the field's key.
    """
    known = {one.key: one for one in in_use(fields, subject)}
    values = dict(before)
    for key, value in given.items():
        if key not in known:
            raise WrongInputError(
                "field-unknown", key, subject=str(subject), field=key, known=list(known)
            )
        if value is None or (isinstance(value, str) and not value.strip()):
            values.pop(key, None)
        else:
            values[key] = _read(known[key], value)
    return values


def missing(
    fields: Iterable[CustomField], subject: Subject, values: Mapping[str, Value]
) -> CustomField | None:
    """The first that must be filled in before the conversation is closed, and is not."""
    asked = (one for one in in_use(fields, subject) if one.required)
    return next((one for one in asked if one.key not in values), None)


def _read(field: CustomField, value: object) -> Value:
    key = field.key
    if field.kind is FieldKind.YES_NO:
        if not isinstance(value, bool):
            raise WrongInputError("field-yes-no", key, field=key)
        return value
    if field.kind is FieldKind.NUMBER:
        number = _number(value)
        if number is None:
            raise WrongInputError("field-number", key, field=key)
        return number
    if not isinstance(value, str):
        raise WrongInputError("field-text", key, field=key)
    text = value.strip()
    if field.kind is FieldKind.DATE:
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError:
            raise WrongInputError("field-date", key, field=key) from None
    if field.kind is FieldKind.CHOICE and text not in field.choices:
        raise WrongInputError("field-choice", key, field=key, known=list(field.choices))
    if len(text) > MOST_TEXT:
        raise WrongInputError("field-too-long", key, field=key, most=MOST_TEXT)
    return text


def _number(value: object) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return value if math.isfinite(value) and abs(value) <= _MOST_NUMBER else None
