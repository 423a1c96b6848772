"""How often somebody may ask: a bucket of tokens for each, in this process's memory."""

from __future__ import annotations

import ipaddress
import threading
from collections import OrderedDict
from collections.abc import Callable

from common.clock import Clock

_MOST = 20_000  # buckets; beyond it those not used for longest are forgotten, which forgives them


def line_of(address: str) -> str:
    """Whom limits count together: one IPv4 address, or the /64 that any IPv6 line has for itself.

    Else a single machine had 2^64 addresses to go on from.
    """
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv4Address):
        return address
    if found.ipv4_mapped:
        return str(found.ipv4_mapped)
    return str(ipaddress.IPv6Network((found.packed, 64), strict=False))


class Rates:
    """Buckets that fill up steadily; a request takes one token.

    Args:
        rate: tokens a second; 0: no limit. Asked each time, so that a reload counts at once.
        burst: how many fit, at least 1.
        clock: for tests.
    """

    def __init__(self, rate: Callable[[], float], burst: Callable[[], float], clock: Clock) -> None:
        self._rate = rate
        self._burst = burst
        self._clock = clock
        self._lock = threading.Lock()
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str) -> float:
        """0 when ``who`` may go on; else the seconds until they may, and nothing was taken."""
        rate, burst = self._rate(), max(1.0, self._burst())
        if rate <= 0:
            return 0.0
        now = self._clock.monotonic()
        with self._lock:
            tokens, since = self._buckets.pop(who, (burst, now))
            tokens = min(burst, tokens + max(0.0, now - since) * rate)
            wait = 0.0 if tokens >= 1 else (1 - tokens) / rate
            self._buckets[who] = (tokens if wait else tokens - 1, now)
            while len(self._buckets) > _MOST:
                self._buckets.popitem(last=False)
        return wait
