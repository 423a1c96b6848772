"""Threads that hand work to each other share one processor.

Python runs one of them at a time anyway. Between two processors each hand-over wakes the other one
up and leaves behind what is in its caches; native code of theirs, a commit above all, waits for the
disk and not for a processor.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator


@contextlib.contextmanager
def on_one(*others: int) -> Iterator[None]:
    """Threads that are begun inside share one processor, with those of these ids.

    It is not theirs alone. Programs that they start have it as well. Where the system knows no such
    thing, and with a single processor, nothing is changed.

    Args:
        others: threads that run already (`threading.Thread.native_id`).
    """
    everywhere = _everywhere()
    if len(everywhere) < 2:
        yield
        return
    one = {max(everywhere)}  # interrupts are usually taken by the first
    before = os.sched_getaffinity(0)  # 0: of this thread
    _put(others, one)
    os.sched_setaffinity(0, one)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def on_any(*threads: int) -> None:
    """They may run on every processor again."""
    everywhere = _everywhere()
    if everywhere:
        _put(threads, everywhere)


def _everywhere() -> set[int]:
    return os.sched_getaffinity(os.getpid()) if hasattr(os, "sched_getaffinity") else set()


def _put(threads: Iterable[int], where: set[int]) -> None:
    for thread in threads:
        with contextlib.suppress(ProcessLookupError):  # it has ended
            os.sched_setaffinity(thread, where)
