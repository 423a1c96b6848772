"""What clients asked for and the mirror does not have yet."""

from __future__ import annotations

import threading

from comm_server.mirror.live import Live

# A site has a few dozen products; more names than this are somebody's mistake.
_MOST = 64


class Asked:
    """Names of targets, in memory: a client that still wants one asks again.

    Any thread may use it.

    Args:
        live: what is here, with the vendor's lists, outside of which nothing is asked for.
    """

    def __init__(self, live: Live) -> None:
        self._live = live
        self._lock = threading.Lock()
        self._waiting: dict[str, None] = {}
        self._absent: dict[str, None] = {}

    def ask(self, name: str) -> bool:
        """A client misses ``DIR/SHA256.NAME``; whether it will be fetched."""
        folder, _, file = name.rpartition("/")
        sha256, _, file = file.partition(".")
        target = f"{folder}/{file}"
        with self._lock:
            if target in self._waiting:
                return True
            if target in self._absent or len(self._waiting) >= _MOST:
                return False
        if self._live.listed_sha256(target) != sha256:
            return False
        with self._lock:
            self._waiting[target] = None
        return True

    def waiting(self) -> list[str]:
        """The names of what is waited for."""
        with self._lock:
            return list(self._waiting)

    def settle(self, target: str, *, absent: bool = False) -> None:
        """It came; or the vendor lists it and does not have it, so that nobody need wait."""
        with self._lock:
            self._waiting.pop(target, None)
            if absent:
                self._absent[target] = None
                while len(self._absent) > _MOST:
                    self._absent.pop(next(iter(self._absent)))
