"""One updater at a time works on a data folder."""

from __future__ import annotations

from contextlib import AbstractContextManager
from pathlib import Path

from common import locks
from common.clock import SystemClock
from updater.platform import here


def only_one(path: Path) -> AbstractContextManager[None]:
    """Hold the data folder's lock. Raises OperatorError when another updater holds it."""
    return locks.exclusive(
        path,
        busy=f"An updater (process {{holder}}) already works on {path.parent}. "
        "Let it do this, or stop it first.",
        wait=1,  # whoever merely looks whether it is held, holds it for an instant
        clock=SystemClock(),
    )


def is_held(path: Path) -> bool:
    """Whether some process holds the lock at ``path``."""
    try:
        with path.open("rb") as file:
            here.lock(file, wait=False)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
