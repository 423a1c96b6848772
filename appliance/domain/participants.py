"""Who takes part in a conversation beside the agent who has it.

========= ========================================================================================
part      what it means
========= ========================================================================================
colleague invited by whoever has the conversation: reads all of it, and speaks in it
listener  a supervisor who reads along; neither contact nor agent are told, the record is
========= ========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol


class Part(StrEnum):
    """What somebody is in a conversation."""

    COLLEAGUE = "colleague"
    LISTENER = "listener"


# More would be a meeting, and each of them is told every word.
MOST_COLLEAGUES = 5


@dataclass(frozen=True)
class Participant:
    """One of them; ``invited_by`` is None for whoever came by themselves."""

    conversation: int
    agent: int
    part: Part
    since: datetime
    invited_by: int | None = None


class KeptParticipants(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Sequence[Participant]:
        """All of one conversation, by agent."""
        ...

    def one(self, conversation: int, agent: int) -> Participant | None:
        """What ``agent`` is in it; None: nothing."""
        ...

    def joined_by(self, agent: int) -> Sequence[Participant]:
        """Whatever ``agent`` takes part in."""
        ...

    def weigh(self) -> Mapping[int, int]:
        """What the calls weigh in which an agent is a colleague now; by agent, without the others.

        Nobody speaks in two calls at once, whereas in a chat a colleague reads along.
        """
        ...

    def speakers(self, conversation: int) -> Sequence[int]:
        """The agents who have said something to the contact."""
        ...

    def set(self, participant: Participant) -> None:
        """Keep a new one, or replace what is kept."""
        ...

    def remove(self, conversation: int, agent: int | None = None) -> None:
        """``agent`` has no part any more; None: nobody has."""
        ...
