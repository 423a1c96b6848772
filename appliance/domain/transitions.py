"""What every table of states has in common: a missing pair *is* the illegal transition."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from appliance.domain.refusals import InvalidError

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)
Table = Mapping[tuple[S, E], S]


class IllegalTransitionError(InvalidError):
    """Something was asked that the table does not have.

    Attributes:
        state: where the thing is.
        event: what was asked.
        possible: what may be asked there, sorted.
    """

    def __init__(self, state: StrEnum, event: StrEnum, possible: list[str]) -> None:
        super().__init__(
            "illegal-transition", event=str(event), state=str(state), possible=possible
        )
        self.state, self.event, self.possible = state, event, possible


def after(table: Table[S, E], state: S, event: E) -> S:
    """The state that follows. Raises IllegalTransitionError when the table has no such way."""
    try:
        return table[state, event]
    except KeyError:
        raise IllegalTransitionError(state, event, possible(table, state)) from None


def possible(table: Table[S, E], state: S) -> list[str]:
    """The events that the state knows, sorted: what a page may offer as buttons."""
    return sorted(str(event) for old, event in table if old is state)
