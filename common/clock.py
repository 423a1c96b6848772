"""Time as a thing that is passed in, so that tests can hold it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Protocol


class Clock(Protocol):
    """Wall time, monotonic time and waiting."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go backwards."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        ...


class SystemClock:
    """The machine's own clock."""

    def now(self) -> datetime:
        """The wall clock, aware, in UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds since some start; never goes backwards."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Wait for ``seconds``."""
        time.sleep(seconds)


@lru_cache(16)  # of one transaction all are the same
def stamp(moment: datetime) -> str:
    """``moment`` as it stands in every database and message: ``2026-11-21T05:37:35.123Z``."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_stamp(text: str) -> datetime:
    """The reverse of `stamp`. Raises ValueError."""
    return datetime.fromisoformat(text).astimezone(UTC)


def ago(moment: datetime, **delta: float) -> str:
    """The stamp of ``moment`` minus a timedelta, for comparisons in SQL."""
    return stamp(moment - timedelta(**delta))
