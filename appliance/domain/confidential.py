"""Custom fields whose values are secrets, such as the number of an identity card.

Where a record has its other values, it has `MASK` in the place of such a one: whatever is made of
the record (events, webhooks, exports, pages) knows that it is filled in, and nothing more. The
value itself is kept apart, sealed, and is read in one way alone, which leaves a line of the record.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from appliance.domain.custom_fields import CustomField, Subject, Value

MASK = "••••••"  # always as long: it says nothing of the value


@dataclass(frozen=True)
class Given:
    """Whose a confidential value is, since all look alike.

    Attributes:
        at: when it was filled in; None: before that was kept.
        by: the agent who did.
        version: another one whenever it was filled in; it says nothing of the value.
    """

    at: datetime | None
    by: int | None
    version: str = field(default="", compare=False)


def given_anew(
    fields: Iterable[CustomField], subject: Subject, given: Mapping[str, object]
) -> dict[str, object]:
    """What is given without confidential ones that are sent back as they are shown: those stay."""
    hidden = _keys(fields, subject)
    return {key: one for key, one in given.items() if not (key in hidden and one == MASK)}


def set_apart(
    fields: Iterable[CustomField],
    subject: Subject,
    values: Mapping[str, Value],
    given: Mapping[str, object],
) -> tuple[dict[str, Value], dict[str, Value | None]]:
    """``values`` as a record keeps them, and what is to be sealed; None: it was taken away.

    Args:
        fields: all of them.
        subject: whose.
        values: all that are filled in, with what was given just now.
        given: what was given just now (`given_anew`).
    """
    changed = {key: values.get(key) for key in _keys(fields, subject) if key in given}
    return {key: MASK if key in changed else one for key, one in values.items()}, changed


def _keys(fields: Iterable[CustomField], subject: Subject) -> set[str]:
    return {one.key for one in fields if one.subject is subject and one.confidential}


class KeptConfidential(Protocol):
    """Where they are kept; of ``subject``, the one with the id ``owner``, by the field's key."""

    def keep(
        self, subject: Subject, owner: int, key: str, value: Value | None, given: Given
    ) -> None:
        """Seal it in the place of what was there; None takes it away."""
        ...

    def given(self, subject: Subject, owner: int) -> Mapping[str, Given]:
        """Whose those are that are filled in, by the field's key."""
        ...

    def show(self, subject: Subject, owner: int, key: str) -> Value:
        """Raises UnknownError: it is not filled in."""
        ...

    def merge(self, into: int, same: Sequence[int]) -> None:
        """The contacts ``same`` are ``into``: what it has wins, then what the first of them has."""
        ...
