"""A thread for each program, so that a slow download holds up nothing but itself."""

from __future__ import annotations

import threading
from collections.abc import Callable

import sentry_sdk

from common.backoff import Backoff
from common.logs import get_logger
from updater.engine import Engine

log = get_logger(__name__)


class Worker:
    """Steps one engine until stopped; a fault of ours is reported and the step tried again.

    Args:
        engine: not yet recovered.
        changed: called after every step.
    """

    def __init__(self, engine: Engine, changed: Callable[[], None]) -> None:
        self.engine = engine
        self._changed = changed
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(
            target=self._run, name=f"program:{engine.product}", daemon=True
        )

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wake(self) -> None:
        """Step now, e.g. because an order waits."""
        self._wake.set()

    def hint(self) -> None:
        """Something may be new: look now."""
        self.engine.hint()
        self._wake.set()

    def stop(self) -> None:
        """Ask it to end."""
        self._stopping.set()
        self.engine.stop()
        self._wake.set()

    def join(self, seconds: float) -> None:
        """Wait for its end. What does not end in time is safe to kill: that is the design."""
        self._thread.join(seconds)

    def _run(self) -> None:
        recovered, failures = False, 0
        while not self._stopping.is_set():
            # Cleared before the step, not after it: a hint during the step is not lost.
            self._wake.clear()
            try:
                if not recovered:
                    self.engine.recover()
                    recovered = True
                pause, failures = self.engine.step(), 0
            except Exception as error:  # a bug must not end the updater
                failures += 1
                pause = Backoff(first=1.0, most=60.0).delay(failures)
                log.exception("program.step_failed", product=self.engine.product)
                sentry_sdk.capture_exception(error)
            self._changed()
            if not self._stopping.is_set():
                self._wake.wait(pause)
