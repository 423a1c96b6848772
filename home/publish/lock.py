"""One change of the publication at a time, over all processes of this home."""

from __future__ import annotations

from contextlib import AbstractContextManager

from common import locks
from common.clock import Clock
from home.settings import HomeSettings


def exclusive(settings: HomeSettings, clock: Clock) -> AbstractContextManager[None]:
    """Hold the home's lock. Raises OperatorError, naming the process that holds it."""
    settings.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return locks.exclusive(
        settings.folder / "publish.lock",
        busy="Another command (process {holder}) is changing the publication in "
        f"{settings.folder}. Run this one again when it has ended.",
        wait=settings.publish.lock_wait,
        clock=clock,
    )
