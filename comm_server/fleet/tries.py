"""How often somebody may guess a join code."""

from __future__ import annotations

from collections import deque

from common.clock import Clock

# A person mistypes a few times; 80 random bits are not found in twenty tries a minute.
MOST = 20
SECONDS = 60.0
_MOST_ADDRESSES = 10_000


class Tries:
    """Wrong tries by address, in memory: a restart forgives, and that harms nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._wrong: dict[str, deque[float]] = {}

    def too_many(self, address: str) -> bool:
        """Whether ``address`` must wait."""
        now, times = self._clock.monotonic(), self._wrong.get(address)
        if times is None:
            return False
        while times and now - times[0] >= SECONDS:
            times.popleft()
        return len(times) >= MOST

    def wrong(self, address: str) -> None:
        """Note a wrong try."""
        if len(self._wrong) >= _MOST_ADDRESSES:
            self._wrong.clear()
        self._wrong.setdefault(address, deque(maxlen=MOST)).append(self._clock.monotonic())
