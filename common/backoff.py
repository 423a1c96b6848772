"""Growing, jittered delays between tries; and what is not to come all at once for ever."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Backoff:
    """Exponential backoff with full jitter.

    Attributes:
        first: upper bound of the first delay, seconds.
        most: upper bound of any delay, seconds.
        factor: growth from one try to the next.
    """

    first: float = 0.5
    most: float = 30.0
    factor: float = 2.0

    def delay(self, failures: int, rng: random.Random | None = None) -> float:
        """Seconds to wait after ``failures`` failures in a row (1 or more).

        Half of the bound is fixed and half random: a fleet that failed together
        does not come back together, and nobody retries at once.
        """
        bound = min(self.most, self.first * self.factor ** min(max(failures - 1, 0), 64))
        roll = (rng or random).random()
        return bound * (0.5 + roll / 2)

    def delays(self) -> Iterator[float]:
        """An endless series of delays."""
        failures = 0
        while True:
            failures += 1
            yield self.delay(failures)


def spread(seconds: float) -> float:
    """Up to a fifth less: for what is due again and again for many who came at the same moment."""
    return seconds * random.uniform(0.8, 1)  # noqa: S311 - guards nothing
