"""Whose turn it is to write, among the threads of one process.

SQLite lets one write at a time, and the others look again after pauses, which grow to a tenth of a
second; who waits here goes on at once.
"""

from __future__ import annotations

import threading

from appliance.domain.work import BusyError


class Turn:
    """A lock that tells whether anybody waits for it; may be given back by another thread."""

    def __init__(self, seconds: float) -> None:
        """``seconds``: so long somebody waits for it at most."""
        self._seconds = seconds
        self._lock = threading.Lock()
        self._counting = threading.Lock()
        self._wanted = 0

    def take(self) -> None:
        """Wait for it. Raises BusyError: it took too long."""
        if self._lock.acquire(blocking=False):
            return
        with self._counting:
            self._wanted += 1
        try:
            if not self._lock.acquire(timeout=self._seconds):
                raise BusyError("the database is busy; try again")
        finally:
            with self._counting:
                self._wanted -= 1

    def take_now(self) -> bool:
        """Take it, unless somebody has it or waits for it."""
        return not self._wanted and self._lock.acquire(blocking=False)

    def give_back(self) -> None:
        """The next one goes on."""
        self._lock.release()
