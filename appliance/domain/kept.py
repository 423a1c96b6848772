"""Creations that are sent again: the same key means the same creation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from appliance.domain.refusals import ConflictError

MADE = 1  # a status: it was made, and the program died before the answer was kept
# Longer than any use case waits for its commit: whoever has not ended by then never will, and
# since the mark is written in the same transaction, nothing of theirs was kept.
GIVEN_UP_AFTER = timedelta(seconds=90)


@dataclass(frozen=True)
class Kept:
    """A creation with this key was begun before.

    Attributes:
        asked: the hash of what was asked then.
        status: what it was answered; 0: it has not ended; `MADE`: the answer is lost.
        answer: the answer's text.
    """

    asked: str
    status: int
    answer: str


@dataclass(frozen=True)
class Begun:
    """A creation that goes on, as the one who was begun at that moment."""

    scope: str
    key: str
    at: datetime


class TakenOverError(ConflictError):
    """It took so long that a second one was begun with the key."""

    def __init__(self) -> None:
        super().__init__("not-ended")


class KeptAnswers(Protocol):
    """Where answers are kept. A method that changes something returns after the commit."""

    def begin(self, scope: str, key: str, asked: str) -> Kept | Begun:
        """It is new, and begun; or what is known of it.

        One that did not end within `GIVEN_UP_AFTER` was not made, and is begun anew.

        Args:
            scope: who asks; keys of different askers have nothing to do with each other.
            key: the asker's own.
            asked: a hash of method, address and body.
        """
        ...

    def keep(self, scope: str, key: str, status: int, answer: str) -> None:
        """What it was answered."""
        ...

    def give_up(self, scope: str, key: str) -> None:
        """Nothing was made: the key may be used again."""
        ...
