"""A ground that several tests share as long as each leaves it clean."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, ExitStack
from typing import Generic, TypeVar

G = TypeVar("G")


class Kept(Generic[G]):
    """One for all of a module; a new one after a test that failed, which leaves people in calls.

    Args:
        make: a new ground, started.
        clean: whether the last test has left nothing behind.
    """

    def __init__(
        self, make: Callable[[], AbstractContextManager[G]], clean: Callable[[G], bool]
    ) -> None:
        self._make, self._clean = make, clean
        self._now: G | None = None
        self._open = ExitStack()

    def get(self) -> G:
        """The one that is there, if it is clean; else a new one."""
        if self._now is not None and not self._clean(self._now):
            self.close()
        if self._now is None:
            self._now = self._open.enter_context(self._make())
        return self._now

    def close(self) -> None:
        """End it."""
        self._now = None
        self._open.close()
