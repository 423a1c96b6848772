"""A clock that tests hold in their hands."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class FakeClock:
    """A `common.clock.Clock` that moves only when told to, or when someone sleeps.

    ``slept`` lists every wait, in seconds, for tests of backoff and schedules.
    """

    def __init__(self, start: datetime = START) -> None:
        self._now = start
        self._monotonic = 1000.0
        self._lock = threading.Lock()
        self.slept: list[float] = []

    def now(self) -> datetime:
        """The wall clock."""
        return self._now

    def monotonic(self) -> float:
        """Seconds since some start; `jump` does not move it."""
        return self._monotonic

    def sleep(self, seconds: float) -> None:
        """Pass ``seconds`` at once."""
        self.slept.append(seconds)
        self.advance(seconds)

    def advance(self, seconds: float = 0.0, **delta: float) -> None:
        """Let time pass: seconds, or timedelta's keywords (``hours=2``)."""
        step = timedelta(seconds=seconds, **delta)
        with self._lock:
            self._now += step
            self._monotonic += step.total_seconds()

    def jump(self, moment: datetime) -> None:
        """Set the wall clock, as an administrator or NTP would."""
        with self._lock:
            self._now = moment
