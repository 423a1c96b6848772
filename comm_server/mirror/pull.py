"""Looks at the vendor: by the clock, and soon when a client asked for what is not here."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import requests

from comm_server.mirror.answers import Accepted, Refused
from comm_server.mirror.gate import Mirror
from comm_server.mirror.limit import Limited
from comm_server.settings import MirrorSettings
from common.backoff import Backoff
from common.clock import Clock
from common.errors import CallsteadError
from common.trust import HttpSource

_BACKOFF = Backoff(first=2.0, most=300.0)


class Puller:
    """Offers the vendor's publication to the mirror.

    Args:
        mirror: the gate.
        url: of the publication.
        ca: file with the vendor's certificate authority.
        settings: those in force.
        clock: measures the limit, and the pauses after failures.
    """

    def __init__(
        self,
        mirror: Mirror,
        url: str,
        ca: Path,
        settings: Callable[[], MirrorSettings],
        clock: Clock,
    ) -> None:
        self._mirror = mirror
        self._url = url
        self._ca = ca
        self._settings = settings
        self._clock = clock
        self._leave = threading.Event()
        self._busy = threading.Lock()
        self._failures = 0
        self._not_before = 0.0

    def pull(self) -> Accepted | Refused:
        """Look for releases; what the mirror answers. Raises as `Mirror.offer`."""
        with self._busy, requests.Session() as session:
            session.verify = str(self._ca)
            source = HttpSource(self._url, session)
            limited = Limited(source, self._settings().bandwidth, self._clock, self._leave)
            return self._mirror.offer(limited, "pull")

    def pull_asked(self) -> None:
        """Called each second: look when a client waits for something. Raises as `pull`."""
        if not self._mirror.asked.waiting() or self._clock.monotonic() < self._not_before:
            return
        if self._busy.locked():
            return  # a slow pull is under way, and brings it along or is followed by this one
        try:
            self.pull()
        except CallsteadError:
            self._failures += 1
            self._not_before = self._clock.monotonic() + _BACKOFF.delay(self._failures)
            raise
        self._failures = 0

    def stop(self) -> None:
        """Let a pull that is under way end soon; it goes on after the next start."""
        self._leave.set()
