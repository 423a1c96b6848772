"""Who looks at what is said without a part in it is on record: one line for one look.

A desk reads several resources for one look, and follows a topic for as long as it is open.
"""

from __future__ import annotations

import threading
from collections import OrderedDict

from appliance.domain.audit import Audit
from common.clock import Clock

_MOST_KEPT = 10_000  # of a look that is forgotten the next one has a line again


class TranscriptReads:
    """Every read is told here before it is answered.

    Args:
        audit: the record.
        clock: the moment.
        seconds: a look that pauses for this long is another one.
    """

    def __init__(self, audit: Audit, clock: Clock, seconds: float) -> None:
        self._audit = audit
        self._clock = clock
        self._seconds = seconds
        self._looks: OrderedDict[tuple[str, str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def record(self, who: str, subject: str, address: str) -> None:
        """A line, unless this look has one; returns after its commit, whoever has asked for it."""
        key = (who, subject, address)
        with self._lock:  # a read beside it must not be answered before the line is kept
            now = self._clock.monotonic()
            if key not in self._looks or now - self._looks[key] >= self._seconds:
                self._audit.record(who, "transcript.read", subject, address)
            self._looks[key] = now
            self._looks.move_to_end(key)
            while len(self._looks) > _MOST_KEPT:
                self._looks.popitem(last=False)
