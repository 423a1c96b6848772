"""What is worth telling now or never: somebody types, a place in the row. No event, no commit.

It reaches whoever follows its topic over a WebSocket at this moment, as
``{"topic", "moment": {"kind", "at", "data"}}``, in this process, and in the others if there is
something that carries it there (`Passing.beyond`). Who polls, and who is away, never hears it. So
the state must be readable without it.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from common.clock import stamp

Moment = dict[str, Any]
Hear = Callable[[str, Moment], None]  # the topic and what is told; runs in the event loop


class Passing:
    """Carries moments from any thread to the sockets of this process."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._hearing: dict[str, set[Hear]] = {}
        self.beyond: Callable[[str], None] | None = None  # carries text to the other processes

    def tell(self, topic: str, kind: str, data: Mapping[str, object]) -> None:
        """Tell it to whoever listens, in all processes. Any thread; cheap; never raises."""
        moment = _moment(kind, data)
        self._carry(topic, moment)
        if self.beyond is not None:
            self.beyond(json.dumps([topic, moment]))

    def tell_here(self, topic: str, kind: str, data: Mapping[str, object]) -> None:
        """The same in this process alone: what each process finds by itself."""
        self._carry(topic, _moment(kind, data))

    def heard(self, text: str) -> None:
        """What another process told. Any thread; what is not of this protocol is dropped."""
        with contextlib.suppress(ValueError):
            told = json.loads(text)
            match told:
                case [str(topic), {"kind": str(), "at": str(), "data": dict()} as moment]:
                    self._carry(topic, moment)

    def _carry(self, topic: str, moment: Moment) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has just ended: nobody listens
                loop.call_soon_threadsafe(self._pass_on, topic, moment)

    def attach(self) -> None:
        """Carry to the running loop from now on."""
        self._loop = asyncio.get_running_loop()

    def detach(self) -> None:
        """Carry no more."""
        self._loop = None

    def add(self, topic: str, hear: Hear) -> None:
        """Call ``hear`` with what is told in ``topic``, until `remove`."""
        self._hearing.setdefault(topic, set()).add(hear)

    def remove(self, topic: str, hear: Hear) -> None:
        """The reverse of `add`; nothing happens when it was not added."""
        hearing = self._hearing.get(topic, set())
        hearing.discard(hear)
        if not hearing:
            self._hearing.pop(topic, None)

    def _pass_on(self, topic: str, moment: Moment) -> None:
        for hear in list(self._hearing.get(topic, ())):
            hear(topic, moment)


def _moment(kind: str, data: Mapping[str, object]) -> Moment:
    return {"kind": kind, "at": stamp(datetime.now(UTC)), "data": dict(data)}
