"""The processes of one appliance, as each says of itself; they share a database, and a key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

BEAT_SECONDS = 10
# Three beats that did not come: it is gone, and did not say so.
_GONE = timedelta(seconds=3 * BEAT_SECONDS)


@dataclass(frozen=True)
class Node:
    """One process that serves.

    Attributes:
        id: its own, of this start alone.
        machine: the host's name.
        port: where it listens.
        roles: what it carries, with commas between.
        version: of the program.
        key: sha256 (hex) of the keys that sign and seal; a node with other ones would refuse what
            this one has signed, and could not open what it has sealed.
        started_at: when it began.
        seen_at: its last sign of life.
    """

    id: str
    machine: str
    port: int
    roles: str
    version: str
    key: str
    started_at: datetime
    seen_at: datetime

    def alive(self, now: datetime) -> bool:
        """Whether it is there, as far as one can tell."""
        return now - self.seen_at < _GONE


class Nodes(Protocol):
    """Where they find each other."""

    def say(self, node: Node) -> None:
        """It is there; those that are gone for a day are forgotten."""
        ...

    def leave(self, id: str) -> None:  # noqa: A002 - the word that callers know
        """It ends in order."""
        ...

    def all(self) -> list[Node]:
        """Everyone, by machine and port, also who is gone."""
        ...


def stranger(me: Node, others: Iterable[Node], now: datetime) -> Node | None:
    """A living node that has other keys than ``me``."""
    return next((one for one in others if one.alive(now) and one.key != me.key), None)


class Leases(Protocol):
    """What only one process may do is held by one, until a moment."""

    def take(self, name: str, holder: str, now: datetime, seconds: float) -> datetime:
        """Hold ``name`` for so long; until when, or a moment not after ``now``: another has it."""
        ...

    def give_back(self, name: str, holder: str) -> None:
        """Let the next one have it now."""
        ...
