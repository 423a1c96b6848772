"""What a contact thinks of it afterwards: one to five stars, and a word if they like."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from appliance.domain.conversation import State
from appliance.domain.refusals import InvalidError

MOST_COMMENT = 1000  # characters
# Whoever was never answered has nothing to rate; and it must be over.
_RATED_IN = frozenset({State.WRAP_UP, State.CLOSED})


class NotYetError(InvalidError):
    """There is nothing to rate (yet)."""


@dataclass(frozen=True)
class Rating:
    """One conversation's; ``agent`` is who spoke last."""

    conversation: int
    stars: int
    comment: str
    at: datetime
    agent: int | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.stars <= 5:
            raise InvalidError("rating-stars")
        if len(self.comment) > MOST_COMMENT:
            raise InvalidError("rating-comment", most=MOST_COMMENT)


def may_rate(state: State, *, answered: bool) -> bool:
    """Whether its contact may rate it now."""
    return answered and state in _RATED_IN


class KeptRatings(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Rating | None:
        """The conversation's; None: not rated."""
        ...

    def set(self, rating: Rating) -> None:
        """Keep it, or replace what is kept."""
        ...
