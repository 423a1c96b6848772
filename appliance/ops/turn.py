"""Whether this process is the one that does what only one may do."""

from __future__ import annotations

import threading

from appliance.domain.nodes import Leases
from common.clock import Clock
from common.logs import get_logger

log = get_logger(__name__)


class Turn:
    """A lease that is renewed at half of its time, whenever somebody asks.

    Whoever asks does at once what it is about, and that has an end: a process that was held up
    for longer than the lease may find that another has begun. So the work itself is of the kind
    that can be done again (a transaction that looks first, a row that is claimed).

    Args:
        leases: where it is kept.
        name: of the work.
        holder: this process's own name.
        clock: for the lease's moments, and for how long it is sure.
        seconds: how long it is held; when its holder dies, nobody has it for so long.
    """

    def __init__(
        self, leases: Leases, name: str, holder: str, clock: Clock, seconds: float
    ) -> None:
        self._leases, self._name, self._holder = leases, name, holder
        self._clock, self._seconds = clock, seconds
        self._lock = threading.Lock()
        self._renew_at = float("-inf")
        self._held = False

    def mine(self) -> bool:
        """Whether it is ours now; takes it when it is free."""
        with self._lock:
            asked = self._clock.monotonic()
            if asked < self._renew_at:
                return True
            now = self._clock.now()
            held = self._leases.take(self._name, self._holder, now, self._seconds) > now
            self._renew_at = asked + self._seconds / 2 if held else float("-inf")
            if held is not self._held:
                log.info("turn.changed", name=self._name, mine=held)
            self._held = held
            return held

    def give_back(self) -> None:
        """Let another have it now."""
        with self._lock:
            if self._held:
                self._leases.give_back(self._name, self._holder)
                self._held, self._renew_at = False, float("-inf")
