"""What an administrator keeps for agents: fields to fill in, and labels to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

from appliance.domain.custom_fields import CustomField
from appliance.domain.labels import Label

One = TypeVar("One", CustomField, Label)


class Kept(Protocol[One]):
    """Where those of one kind are kept."""

    def all(self) -> Sequence[One]:
        """By position."""
        ...

    def one(self, id: int) -> One:  # noqa: A002
        """Raises UnknownError."""
        ...

    def save(self, one: One) -> One:
        """Keep a new one (id 0; answers it with its id), or replace what is kept."""
        ...
