"""Waiting for a condition with a deadline, in place of sleeping for luck."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(
    probe: Callable[[], T],
    seconds: float,
    what: str,
    evidence: Callable[[], object] = lambda: "",
    every: float = 0.1,
) -> T:
    """Ask until ``probe`` answers something true; fail naming ``what`` with the evidence."""
    deadline = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s for {what}; {evidence()}")
        time.sleep(every)
