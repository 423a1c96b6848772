"""How far a conversation's messages have come on each side: one number each, no row a message.

What is read was delivered; a mark never goes back.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from appliance.domain.refusals import InvalidError


class Side(StrEnum):
    """Whose."""

    CONTACT = "contact"
    AGENT = "agent"  # whoever speaks for the house


@dataclass(frozen=True)
class Marks:
    """Every message up to these numbers was delivered to this side, was read by it."""

    delivered: int = 0
    read: int = 0


def moved(before: Marks, delivered: int, read: int, newest: int) -> Marks:
    """The marks after a side said how far it is.

    Raises ValueError: there are not so many messages.
    """
    if max(delivered, read) > newest:
        raise InvalidError("mark-too-far", newest=newest, number=max(delivered, read))
    seen = max(before.read, read)
    return Marks(max(before.delivered, delivered, seen), seen)


class KeptMarks(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> dict[Side, Marks]:
        """Of both sides."""
        ...

    def set(self, conversation: int, side: Side, marks: Marks) -> None:
        """Replace one side's."""
        ...
