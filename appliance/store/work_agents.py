"""Agents and queues in a transaction: a part of `appliance.store.work.SqlWork`."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import orjson
from sqlalchemy import Text, bindparam, cast, select

from appliance.domain.agent_state import Presence
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.seated import Seated
from appliance.domain.work import UnknownError
from appliance.store.floor_models import AgentRow, QueueRow
from appliance.store.in_transaction import InTransaction
from appliance.store.queue_form import from_form, to_form
from appliance.store.quick import Quick
from appliance.store.record_rows import RecordRows, values_of

_MOST_FORMS = 500  # queues whose forms are not read again

_AGENTS = RecordRows(
    AgentRow, Agent,
    made={"presence": Presence, "groups": frozenset, "queues": frozenset},
)  # fmt: skip
_ALL_AGENTS = _AGENTS.which(order=(AgentRow.id,))
_ADD_AGENT = _AGENTS.inserting()
QUEUE_COLUMNS = (QueueRow.id, QueueRow.name, cast(QueueRow.form, Text))  # for `queue_of`
_QUEUES = select(*QUEUE_COLUMNS).order_by(QueueRow.id)
_ALL_QUEUES = Quick(_QUEUES, writes=False)
_ONE_QUEUE = Quick(_QUEUES.where(QueueRow.id == bindparam("id")), writes=False)


class AgentsAndQueues(InTransaction):
    """See `appliance.domain.work.Work`."""

    @property
    def seated(self) -> Seated:
        """What the last decision saw of agents, and need not look at again."""
        return self._known.seated

    def agent(self, id: int) -> Agent:  # noqa: A002
        """Raises UnknownError."""
        known = self._known.agents
        found = _AGENTS.one(self._line, id) if known is None else known.get(id)
        if found is None:
            raise UnknownError("agent", id)
        return found

    def agents(self) -> Sequence[Agent]:
        """Everybody, by id."""
        known = self._known
        if known.agents is None:
            known.agents = {one.id: one for one in _AGENTS.all(self._line, _ALL_AGENTS)}
        return list(known.agents.values())

    def save_agent(self, agent: Agent) -> None:
        """Keep a new one, or replace what is kept."""
        try:
            before = self.agent(agent.id)
        except UnknownError:
            _ADD_AGENT.run(self._line, values_of(agent))
            self._known.agents = None  # they are by id
            return
        _AGENTS.change(self._line, before, agent)
        if self._known.agents is not None:
            self._known.agents[agent.id] = agent

    def queue(self, id: int) -> Queue:  # noqa: A002
        """Raises UnknownError."""
        if self._known.queues is not None:
            found = self._known.queues.get(id)
        else:
            rows = _ONE_QUEUE.rows(self._line, {"id": id})
            found = queue_of(*rows[0]) if rows else None
        if found is None:
            raise UnknownError("queue", id)
        return found

    def queues(self) -> Mapping[int, Queue]:
        """All, by id; not to be changed."""
        known = self._known
        if known.queues is None:
            known.queues = {row[0]: queue_of(*row) for row in _ALL_QUEUES.rows(self._line, {})}
        return known.queues

    def save_queue(self, queue: Queue) -> Queue:
        """Keep a new one (id 0), or replace what is kept."""
        self._known.queues = None
        session = self.session
        row: Any = session.get(QueueRow, queue.id) if queue.id else None
        if row is None and queue.id:
            raise UnknownError("queue", queue.id)
        if row is None:
            row = QueueRow(name=queue.name, form=to_form(queue))
            session.add(row)
        else:
            row.name, row.form = queue.name, to_form(queue)
        session.flush()
        return replace(queue, id=row.id)


@functools.lru_cache(_MOST_FORMS)
def queue_of(id: int, name: str, form: str) -> Queue:  # noqa: A002
    """The queue of a row, whose form is JSON; from the same text the same object."""
    return from_form(id, name, orjson.loads(form))
