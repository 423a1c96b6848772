"""Tells the communications server what it should know: receipts at once, vitals now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import sentry_sdk

from common.backoff import Backoff
from common.clock import Clock
from common.errors import CallsteadError
from common.logs import get_logger
from updater.comm import Comm
from updater.journal import Journal
from updater.receipts import send_waiting
from updater.settings import UpdaterSettings

log = get_logger(__name__)


class Messenger:
    """A thread that sends; a server that is away costs nothing but delay.

    Args:
        comm: the server.
        journal: holds the receipts.
        settings: in force now.
        clock: when vitals are due.
        vitals: makes them.
    """

    def __init__(
        self,
        comm: Comm,
        journal: Journal,
        settings: Callable[[], UpdaterSettings],
        clock: Clock,
        vitals: Callable[[], dict[str, Any]],
    ) -> None:
        self._comm = comm
        self._journal = journal
        self._settings = settings
        self._clock = clock
        self._vitals = vitals
        self._vitals_at = 0.0
        self._wake = threading.Event()
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="messenger", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self, *, vitals: bool) -> None:
        """There may be receipts; ``vitals`` says that what runs here has changed too."""
        if vitals:
            self._vitals_at = 0.0
        self._wake.set()

    def stop(self, seconds: float) -> None:
        """End."""
        self._stop.set()
        self._wake.set()
        self._thread.join(seconds)

    def send(self) -> None:
        """Send what is due. Raises NetworkError, RemoteError."""
        try:
            send_waiting(self._journal, self._comm)
        finally:  # trouble with receipts must not make this computer look dead
            if self._clock.monotonic() >= self._vitals_at:
                due = self._clock.monotonic() + self._settings().every.vitals
                self._comm.send_vitals(self._vitals())
                self._vitals_at = due

    def _run(self) -> None:
        failures = 0
        while not self._stop.is_set():
            self._wake.clear()
            try:
                self.send()
                failures, pause = 0, max(0.1, self._vitals_at - self._clock.monotonic())
            except Exception as error:  # whatever it is, receipts must go on
                failures += 1
                every = self._settings().every
                pause = Backoff(every.retry_first, every.retry_most).delay(failures)
                if isinstance(error, CallsteadError):
                    log.info("messenger.waits", error=str(error), failures=failures)
                else:
                    log.exception("messenger.failed")
                    sentry_sdk.capture_exception(error)
                self._wake.clear()
            self._wake.wait(pause)
