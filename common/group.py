"""What a single writer takes at once: the group of a group commit."""

from __future__ import annotations

import queue
from typing import TypeVar

T = TypeVar("T")


def gather(jobs: queue.Queue[T | None], first: T, most: int) -> tuple[list[T], bool]:
    """``first`` and what waits behind it, at most ``most``; whether the end (None) was among it."""
    batch = [first]
    while len(batch) < most:
        try:
            job = jobs.get_nowait()
        except queue.Empty:
            break
        if job is None:
            return batch, True
        batch.append(job)
    return batch, False
