"""What the communications server does by itself begins when its doors are open.

A release on trial whose data the release before cannot read stands behind closed doors
(common/care.py): what it digested, mailed or took in meanwhile would be undone in the database
alone, if the trial were given up.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)
_LOOK_SECONDS = 0.2
_AGAIN_SECONDS = 5.0


class Opening:
    """Starts each part once, in order, and stops those that were started.

    Args:
        closed: asked until it says no; never again after that.
        parts: how to start and to stop each.
    """

    def __init__(
        self,
        closed: Callable[[], bool],
        parts: Sequence[tuple[Callable[[], None], Callable[[], None]]],
    ) -> None:
        self._closed, self._parts = closed, parts
        self._leave = threading.Event()
        self._stops: list[Callable[[], None]] = []
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """With open doors at once, and what fails is raised; else as soon as they are opened."""
        if not self._closed():
            self._begin()
            return
        log.info("doors.closed")
        self._thread = threading.Thread(target=self._wait, name="opening", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """End what was started, the first first."""
        self._leave.set()
        if self._thread:
            self._thread.join(30)
        for stop in self._stops:
            stop()

    def _begin(self) -> None:
        for start, stop in self._parts[len(self._stops) :]:
            start()
            self._stops.append(stop)

    def _wait(self) -> None:
        while self._closed():
            if self._leave.wait(_LOOK_SECONDS):
                return
        log.info("doors.opened")
        while True:
            try:
                self._begin()
            except OperatorError as error:  # nobody would hear it, and there is no way back
                log.error("doors.not_begun", reason=str(error))  # noqa: TRY400 - it says it all
                if self._leave.wait(_AGAIN_SECONDS):
                    return
            else:
                return
