"""An update waits for this program: whether it is drained for it, or put off from the desk.

The updater asks again and again (`common.care`). While it is put off, nothing is drained and the
gate says until when; afterwards it is drained, until nobody speaks any more.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from appliance.domain.postponement import (
    NotPostponableError,
    Postponement,
    holds_until,
    postponed,
)
from common.care import Drain
from common.clock import Clock

_FRESH = timedelta(seconds=1)  # another process may have kept one since


class KeptPostponements(Protocol):
    """Where they are kept."""

    def latest(self) -> Sequence[Postponement]:
        """Newest first."""
        ...

    def add(self, make: Callable[[Sequence[Postponement]], Postponement]) -> Postponement:
        """Keep what ``make`` answers to what was said before, in one transaction."""
        ...


class WaitingUpdate:
    """The update that waits for this program, if one does.

    Args:
        drain: what its updater asks.
        kept: the postponements.
        clock: the moment.
    """

    def __init__(self, drain: Drain, kept: KeptPostponements, clock: Clock) -> None:
        self._drain, self._kept, self._clock = drain, kept, clock
        self._lock = threading.Lock()
        self._looked: datetime | None = None
        self._known: Sequence[Postponement] = ()

    @property
    def waits(self) -> bool:
        """Whether there is one, put off or not."""
        return self._drain.on

    @property
    def urgent(self) -> bool:
        """Whether it cannot be put off: its vendor calls it critical."""
        return self._drain.critical

    @property
    def drained(self) -> bool:
        """Begin nothing new now."""
        return self._drain.on and self.until is None

    @property
    def until(self) -> datetime | None:
        """Until when it is put off; None: it is not."""
        if not self._drain.on or self._drain.critical:
            return None
        now = self._clock.now()
        return holds_until(self._latest(now), self._drain.release, now)

    def postpone(self, who: int, each: timedelta, most: timedelta) -> tuple[str, Postponement]:
        """Put it off; its release, and what was kept. Raises NotPostponableError."""
        if not self._drain.on:
            raise NotPostponableError("update-none")
        if self._drain.critical:
            raise NotPostponableError("update-urgent")
        release, now = self._drain.release, self._clock.now()
        made = self._kept.add(
            lambda before: postponed(before, release, now, who, each=each, most=most)
        )
        with self._lock:
            self._looked = None
        return release, made

    def in_the_way(self) -> str:
        """Why the program cannot be restarted yet, in a few words; empty: nobody put it off."""
        until = self.until
        return f"put off at the desk until {until:%Y-%m-%d %H:%M %Z}" if until else ""

    def _latest(self, now: datetime) -> Sequence[Postponement]:
        with self._lock:
            if self._looked is None or abs(now - self._looked) >= _FRESH:
                self._known, self._looked = self._kept.latest(), now
            return self._known
