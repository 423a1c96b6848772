"""What the pages ask of wherever the sums are kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from appliance.domain.reports.periods import Span
from appliance.domain.reports.sums import Away, Times
from appliance.domain.service_level import Contacts


@dataclass(frozen=True)
class Filter:
    """Which queue, channel, agent alone; None: all."""

    queue: int | None = None
    channel: str | None = None
    agent: int | None = None


class Book(Protocol):
    """Reads the sums, true until this moment: the newest events are counted on the way."""

    def contacts(self, span: Span, only: Filter) -> Mapping[tuple[datetime, int, str], Contacts]:
        """By begin of the interval, queue and channel; in order of time."""
        ...

    def agents(self, span: Span, only: Filter) -> Mapping[tuple[datetime, int], Times]:
        """By begin of the interval and agent; in order of time."""
        ...

    def aways(self, span: Span, only: Filter) -> Mapping[tuple[datetime, str], Away]:
        """By begin of the interval and reason (empty: not said); in order of time."""
        ...

    def since(self, contacts_from: datetime, agents_from: datetime
              ) -> tuple[dict[int, Contacts], dict[int, Times]]:  # fmt: skip
        """From these moments, cut down to a quarter-hour, until now: by queue, and by agent."""
        ...
