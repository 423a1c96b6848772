"""What a transaction knows of the floor, and its writer from one transaction to the next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from appliance.domain.conversation import AT_AN_AGENT, State
from appliance.domain.queue import Queue
from appliance.domain.records import Agent, Conversation
from appliance.domain.seated import Seated
from appliance.domain.telephony.call import Call


@dataclass
class Known:
    """What was read or changed, as it is now; for as long as nobody else writes.

    Attributes:
        conversations, calls: some, by id.
        agents, queues: all of them, by id; None: they were not read.
        waiting: all in the state queued; None: they were not read.
        held: all that agents have; None: they were not read.
        silent_until: of the telephones' switch; None: it was not read.
        seated: agents as routing sees them.
    """

    conversations: dict[int, Conversation] = field(default_factory=dict)
    calls: dict[int, Call] = field(default_factory=dict)
    agents: dict[int, Agent] | None = None
    queues: Mapping[int, Queue] | None = None
    waiting: Waiting | None = None
    held: Held | None = None
    silent_until: datetime | None = None
    seated: Seated = field(default_factory=Seated)

    def clear(self) -> None:
        """Nothing of it is sure."""
        self.conversations.clear()
        self.calls.clear()
        self.agents = self.queues = self.waiting = self.held = self.silent_until = None

    def changed(self, before: Conversation | None, now: Conversation) -> None:
        """A conversation is so from now on."""
        self.conversations[now.id] = now
        if self.waiting is not None:
            self.waiting.changed(now)
        if self.held is not None:
            self.held.changed(before, now)


class Waiting:
    """Conversations that wait, oldest first."""

    def __init__(self, all_of_them: Iterable[Conversation]) -> None:
        self._by_id = {one.id: one for one in all_of_them}
        self._in_order: list[Conversation] | None = None

    def changed(self, now: Conversation) -> None:
        """See `Known.changed`."""
        if now.state is State.QUEUED:
            self._by_id[now.id] = now
        elif self._by_id.pop(now.id, None) is None:
            return
        self._in_order = None

    def all(self) -> list[Conversation]:
        """Not to be changed."""
        if self._in_order is None:
            self._in_order = sorted(self._by_id.values(), key=_place)
        return self._in_order


class Held:
    """What rings at agents, is spoken in, held or wrapped up."""

    def __init__(self, all_of_them: Iterable[Conversation]) -> None:
        self._by_agent: dict[int, Sequence[Conversation]] = {}
        for one in all_of_them:
            self._put(one)

    def changed(self, before: Conversation | None, now: Conversation) -> None:
        """See `Known.changed`."""
        if before is not None and before.agent is not None and before.state in AT_AN_AGENT:
            left = tuple(one for one in self.of(before.agent) if one.id != now.id)
            if left:
                self._by_agent[before.agent] = left
            else:
                self._by_agent.pop(before.agent, None)
        if now.state in AT_AN_AGENT:
            self._put(now)

    def of(self, agent: int) -> Sequence[Conversation]:
        """By id; another object whenever anything of it is another."""
        return self._by_agent.get(agent, ())

    def all(self) -> Mapping[int, Sequence[Conversation]]:
        """Of everybody who has any; not to be changed."""
        return self._by_agent

    def _put(self, one: Conversation) -> None:
        if one.agent is not None:
            mine = (*self.of(one.agent), one)
            self._by_agent[one.agent] = tuple(sorted(mine, key=lambda each: each.id))


def _place(one: Conversation) -> tuple[float, int]:
    return one.waiting_since.timestamp() if one.waiting_since else 0.0, one.id
