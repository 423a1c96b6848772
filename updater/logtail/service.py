"""The two threads: one follows the files, one sends. A server that is away stops no reading."""

from __future__ import annotations

import glob
import threading
from collections.abc import Callable

import sentry_sdk

from common.backoff import Backoff
from common.clock import Clock
from common.errors import CallsteadError
from common.logs import get_logger
from updater.comm import Comm
from updater.journal import Journal
from updater.logtail.follower import Follower
from updater.logtail.patterns import Pattern, read_pattern
from updater.logtail.ring import Ring
from updater.logtail.sender import send_lines
from updater.paths import DataFolder
from updater.settings import UpdaterSettings

log = get_logger(__name__)


class LogTail:
    """Follows what the settings name and what the programs in care print.

    Args:
        journal: its database also holds the lines.
        folder: of the updater.
        comm: takes the lines.
        settings: in force now.
        clock: for reading and sending.
    """

    def __init__(
        self,
        journal: Journal,
        folder: DataFolder,
        comm: Comm,
        settings: Callable[[], UpdaterSettings],
        clock: Clock,
    ) -> None:
        self._journal = journal
        self._folder = folder
        self._comm = comm
        self._settings = settings
        self._clock = clock
        self.ring = Ring(journal.store)
        self._follower = Follower(self.ring, clock, lambda: settings().logtail)
        self._stop = threading.Event()
        self._lines = threading.Event()
        self._told: frozenset[str] = frozenset()
        self._threads = [
            threading.Thread(target=self._follow, name="logtail", daemon=True),
            threading.Thread(target=self._send, name="logtail:send", daemon=True),
        ]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def stop(self, seconds: float) -> None:
        """End; what was read and not sent is sent after the next start."""
        self._stop.set()
        self._lines.set()
        for thread in self._threads:
            thread.join(seconds)

    def patterns(self) -> list[Pattern]:
        """The programs in care, then those of the settings; a wrong one is told and left out."""
        found = [
            Pattern(program.product, glob.escape(str(self._folder.program(program.product).log)))
            for program in self._journal.programs()
        ]
        wrong: set[str] = set()
        for text in self._settings().logtail.files:
            try:
                found.append(read_pattern(text))
            except CallsteadError as error:
                wrong.add(str(error))
        for sentence in wrong - self._told:
            log.error("logtail.pattern_refused", error=sentence)
        self._told = frozenset(wrong)
        return found

    def _follow(self) -> None:
        while not self._stop.is_set():
            try:
                if self._follower.look(self.patterns()):
                    self._lines.set()
            except Exception as error:  # a full disk or a bug must not end the following
                log.exception("logtail.failed")
                sentry_sdk.capture_exception(error)
            self._stop.wait(self._settings().logtail.every)

    def _send(self) -> None:
        failures = 0
        self._lines.set()  # what an earlier run left
        while not self._stop.is_set():
            self._lines.wait()
            self._lines.clear()
            if self._stop.is_set():
                return
            try:
                send_lines(self.ring, self._comm, self._clock)
                failures = 0
            except Exception as error:  # whatever it is, the lines wait
                failures += 1
                every = self._settings().every
                self._lines.set()
                if isinstance(error, CallsteadError):
                    log.info("logtail.waits", error=str(error), failures=failures)
                else:
                    log.exception("logtail.send_failed")
                    sentry_sdk.capture_exception(error)
                self._stop.wait(Backoff(every.retry_first, every.retry_most).delay(failures))
