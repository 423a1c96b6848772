"""Creations that are sent again: the same key means the same creation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Kept:
    """A creation with this key was begun before.

    Attributes:
        asked: the hash of what was asked then.
        status: what it was answered; 0: it has not ended, or the program died over it.
        answer: the answer's text.
    """

    asked: str
    status: int
    answer: str


class KeptAnswers(Protocol):
    """Where answers are kept. A method that changes something returns after the commit."""

    def begin(self, scope: str, key: str, asked: str) -> Kept | None:
        """None: it is new, and begun; else what is known of it.

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
