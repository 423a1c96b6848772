"""A small call centre, and short words for what happens in it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from sqlalchemy import select

from appliance.domain.agent_state import Said
from appliance.domain.contact import Identity
from appliance.domain.records import Conversation
from appliance.domain.work import Work
from appliance.services.arrive import Arrival, Arrived, arrive
from appliance.services.offer_waiting import offer_waiting
from appliance.services.presence import say, seen
from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import EventRow
from common.vault import Vault
from tests.support.clock import FakeClock

T = TypeVar("T")


@dataclass
class House:
    """The floor, its clock, three agents' ids, and two queues' ids."""

    database: Database
    floor: SqlFloor
    clock: FakeClock
    vault: Vault
    agents: list[int]
    sales: int
    support: int

    def do(self, use_case: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Run a use case in a transaction of its own."""
        return self.floor.write(lambda work: use_case(work, *arguments, **named))

    def come(self, who: str = "visitor", **named: Any) -> Arrived:
        """A contact comes to the queue sales by chat."""
        arrival = Arrival(
            channel="chat", queue=self.sales, identities=[Identity("cookie", who, sure=False)],
            weight=25, name=who,
        )  # fmt: skip
        return self.do(arrive, replace(arrival, **named))

    def ready(self, *agents: int) -> None:
        """They sign in and say that they are ready."""
        for agent in agents:
            self.do(say, agent, Said.SIGN_IN)
            self.do(say, agent, Said.READY)

    def offer(self) -> list[tuple[int, int]]:
        """Make the offers; conversation and agent of each."""
        return [(one.conversation, one.agent) for one in self.do(offer_waiting)]

    def now(self, conversation: int) -> Conversation:
        """As it is kept."""
        return self.floor.read(lambda work: work.conversation(conversation))

    def seen(self, agent: int) -> str:
        """An agent's state."""
        return self.floor.read(lambda work: seen(work, agent))

    def change_queue(self, queue: int, **changes: Any) -> None:
        """Set something of a queue."""

        def job(work: Work) -> None:
            work.save_queue(replace(work.queue(queue), **changes))

        self.floor.write(job)

    def kinds(self, conversation: int) -> list[str]:
        """The events of a conversation, in order."""
        query = select(EventRow.kind).where(EventRow.conversation == conversation)
        with self.database.read() as session:
            return list(session.scalars(query.order_by(EventRow.id)))
