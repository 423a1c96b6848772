"""A process that dies at a chosen touch of the disk, without a process."""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest

_STEPS = [
    (os, "replace"),
    (os, "rename"),
    (os, "fsync"),
    (os, "unlink"),
    (os, "mkdir"),
    (os, "rmdir"),
    (shutil, "copyfile"),
]


class Killed(BaseException):
    """Stands for SIGKILL: nothing of ours catches it."""


def full_at(step: int) -> AbstractContextManager[list[int]]:
    """The disk is full from the ``step``-th touch on: as `killed_at`, with ENOSPC for an end."""
    return killed_at(step, lambda: OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)))


@contextmanager
def killed_at(step: int, end: Callable[[], BaseException] = Killed) -> Iterator[list[int]]:
    """Raise `Killed` at the ``step``-th touch of the disk; yields the count of touches.

    Counted in all threads: use it where no other one writes meanwhile.
    """
    count = [0]

    def counting(real: Callable[..., Any]) -> Callable[..., Any]:
        def touch(*args: Any, **kwargs: Any) -> Any:
            count[0] += 1
            if count[0] >= step:  # a dead process does nothing afterwards either
                raise end()
            return real(*args, **kwargs)

        return touch

    with pytest.MonkeyPatch.context() as patch:
        for module, name in _STEPS:
            patch.setattr(module, name, counting(getattr(module, name)))
        yield count


@pytest.fixture
def no_power_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """fsync is counted and not waited for: a kill loses nothing that the kernel holds."""
    monkeypatch.setattr(os, "fsync", lambda _descriptor: None)
