"""A lock between processes that ends with its holder, however that ends."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from common import file_lock
from common.clock import Clock
from common.errors import OperatorError


@contextlib.contextmanager
def exclusive(path: Path, *, busy: str, wait: float, clock: Clock) -> Iterator[None]:
    """Hold the lock file at ``path`` (made when missing, with its folder).

    Args:
        path: the lock file; it holds the process number of its last holder.
        busy: a sentence for whoever must wait longer than ``wait``; ``{holder}`` in it becomes
            the other process's number.
        wait: seconds.
        clock: for waiting.

    Raises:
        OperatorError: held by another, or the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise OperatorError(
            f"The folder {path.parent} cannot be written ({error.strerror}). Correct its owner, "
            "or move the data in the settings."
        ) from error
    try:
        _take(descriptor, busy, wait, clock)
        os.ftruncate(descriptor, 0)
        os.lseek(descriptor, 0, os.SEEK_SET)
        os.write(descriptor, str(os.getpid()).encode())
        yield
    finally:
        os.close(descriptor)


def is_held(path: Path) -> bool:
    """Whether somebody holds the lock file; whoever waits for it meanwhile waits a moment longer.

    Raises:
        OSError: it is somebody else's.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        return not file_lock.take(descriptor)
    finally:
        os.close(descriptor)


def _take(descriptor: int, busy: str, wait: float, clock: Clock) -> None:
    until = clock.monotonic() + wait
    while not file_lock.take(descriptor):
        if clock.monotonic() >= until:
            os.lseek(descriptor, 0, os.SEEK_SET)
            holder = os.read(descriptor, 20).decode("ascii", "replace") or "unknown"
            raise OperatorError(busy.format(holder=holder))
        clock.sleep(0.1)
