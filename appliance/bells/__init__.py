"""The bell between the processes of one appliance: "look, something was committed".

What happened is in the database, in its order; every reader asks for it by its cursor. The bell
only spares the wait. It carries nothing, it may be lost, it may ring twice, and it may be away:
each process looks by itself once a second. So nothing depends on it but the time that an event
takes from one process to another.

`nearby` is for the processes of one machine, `by_redis` for several machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol


class Bell(Protocol):
    """One bell; `tests/contract/test_bells.py` is what holds for each."""

    def start(self, heard: Callable[[], None]) -> None:
        """Listen: from now on, ``heard`` is called soon after another process rings.

        It is called in a thread of the bell, once for any number of rings that came meanwhile,
        never for one's own alone; it must be quick and not raise. Never fails: a bell that cannot
        be had now is tried for again.
        """
        ...

    def ring(self) -> None:
        """Tell the others. Any thread; returns at once; never raises; nothing before `start`."""
        ...

    def stop(self) -> None:
        """Neither ring nor listen any more."""
        ...
