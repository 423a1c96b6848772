"""When a program's steps look for something newer, and how long they pause after a failure."""

from __future__ import annotations

import random

from common.backoff import Backoff
from updater.tools import Tools


class Looks:
    """One program's; `hint` may be called by any thread.

    Args:
        tools: the program's.
    """

    def __init__(self, tools: Tools) -> None:
        self._tools = tools
        self._next = 0.0
        self._failures = 0

    def hint(self) -> None:
        """Something may be new: the next step looks, after no pause."""
        self._next = 0.0
        self._failures = 0

    def again(self) -> None:
        """The look came to nothing: it is due again when the pause is over."""
        self._next = 0.0

    def due(self) -> bool:
        """Whether it is time."""
        return self._tools.clock.monotonic() >= self._next

    def begun(self) -> None:
        """A look begins; the next one is due after ``every.check``, give or take a quarter."""
        every = self._tools.settings.every.check
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - spreads load, guards nothing
        self._next = self._tools.clock.monotonic() + every * spread

    def pause(self) -> float:
        """Seconds until the next one."""
        return max(0.05, self._next - self._tools.clock.monotonic())

    def failed(self) -> float:
        """A step failed: seconds until it is tried again, more each time."""
        self._failures += 1
        every = self._tools.settings.every
        return Backoff(first=every.retry_first, most=every.retry_most).delay(self._failures)

    def went_well(self) -> None:
        """A step did what it should."""
        self._failures = 0
