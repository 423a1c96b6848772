"""After-call work: what an agent still does when the contact has gone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from appliance.domain.refusals import InvalidError


class AfterWork(StrEnum):
    """How much of it a queue asks for."""

    OPTIONAL = "optional"  # the agent may be offered the next one meanwhile
    MANDATORY = "mandatory"  # nothing is offered until the agent says that it is done
    TIMED = "timed"  # nothing is offered until it is done or the time is over


@dataclass(frozen=True)
class WrapUp:
    """A queue's rule. ``time`` counts for `AfterWork.TIMED` alone.

    Raises ValueError: a timed one without a time.
    """

    kind: AfterWork = AfterWork.OPTIONAL
    time: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.kind is AfterWork.TIMED and self.time <= timedelta(0):
            raise InvalidError("wrap-up-time")

    @property
    def holds_the_agent(self) -> bool:
        """Whether its conversation still takes of the agent's capacity."""
        return self.kind is not AfterWork.OPTIONAL

    def closes_at(self, ended: datetime) -> datetime | None:
        """When it closes by itself; None: when the agent says so."""
        return ended + self.time if self.kind is AfterWork.TIMED else None
