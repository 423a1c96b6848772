"""Somebody types: told to the other side now or never, and not more often than anybody looks."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from typing import TypeVar

from appliance.domain.live import agent_topic, conversation_topic, visitor_topic
from appliance.domain.marks import Side
from appliance.domain.work import Floor, Work
from appliance.services.take_part import speaks
from appliance.services.trouble import NotYoursError

T = TypeVar("T")

# A page shows it for a few seconds and asks for more while somebody types.
PAUSE = timedelta(seconds=2)
_MOST_KNOWN = 10_000  # typing people; who is forgotten may be told once too often


class Typing:
    """Tells it, at most every two seconds for each side of a conversation.

    Args:
        tell: carries a topic, a kind and what is told to whoever listens now; may drop it.
    """

    def __init__(self, tell: Callable[[str, str, Mapping[str, object]], None]) -> None:
        self._tell = tell
        # A look at who may speak, beside the floor's writer: nothing is written.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="typing")
        self._lock = threading.Lock()
        self._last: OrderedDict[tuple[int, int | None], datetime] = OrderedDict()

    def aside(self, floor: Floor, job: Callable[[Work], T]) -> Future[T]:
        """Run what calls `types`, without a transaction of the writer."""
        return self._thread.submit(floor.read, job)

    def types(self, work: Work, conversation: int, agent: int | None) -> None:
        """``agent`` types, or the contact (None). Raises NotYoursError, UnknownError."""
        if not self._due(conversation, agent, work.now):
            return  # told just now, by memory alone
        found = work.conversation(conversation)
        if agent is not None and not speaks(work, found, agent):
            raise NotYoursError(agent, conversation)
        side = Side.CONTACT if agent is None else Side.AGENT
        data = {"side": str(side), "agent": agent, "conversation": conversation}
        self._tell(conversation_topic(conversation), "typing", data)
        if found.agent is not None and found.agent != agent:  # whose desk follows all they have
            self._tell(agent_topic(found.agent), "typing", data)
        if side is Side.AGENT:
            self._tell(visitor_topic(conversation), "typing", data)

    def _due(self, conversation: int, agent: int | None, now: datetime) -> bool:
        with self._lock:
            last = self._last.get((conversation, agent))
            if last is not None and now - last < PAUSE:
                return False
            self._last[conversation, agent] = now
            self._last.move_to_end((conversation, agent))
            if len(self._last) > _MOST_KNOWN:
                self._last.popitem(last=False)
            return True
