"""The bell between the processes of one appliance: "look, something was committed".

What happened is in the database, in its order; every reader asks for it by its cursor. The bell
only spares the wait. It may be lost, it may ring twice, and it may be away:
each process looks by itself once a second. So nothing depends on it but the time that an event
takes from one process to another.

Beside rings it carries words: what is worth telling now or never, such as that somebody types. They
may be lost as well, and nothing of them is kept.

`nearby` is for the processes of one machine, `by_redis` for several machines.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

MOST_WORDS = 1024  # bytes of what is told at once
Hear = Callable[[str], None]


def nobody_listens(_text: str) -> None:
    """For who wants no words."""


class Bell(Protocol):
    """One bell; `tests/contract/test_bells.py` is what holds for each."""

    def start(self, heard: Callable[[], None], told: Hear = nobody_listens) -> None:
        """Listen: from now on, ``heard`` is called soon after another process rings.

        ``told`` is called with what another process tells, each once at most, in its order.

        It is called in a thread of the bell, once for any number of rings that came meanwhile,
        never for one's own alone; it must be quick and not raise. Never fails: a bell that cannot
        be had now is tried for again.
        """
        ...

    def ring(self) -> None:
        """Tell the others. Any thread; returns at once; never raises; nothing before `start`."""
        ...

    def tell(self, text: str) -> None:
        """Let the others hear ``text`` now or never; as `ring`. Above `MOST_WORDS`: never."""
        ...

    def stop(self) -> None:
        """Neither ring nor listen any more."""
        ...
