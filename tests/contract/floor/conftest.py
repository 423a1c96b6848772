"""The same tests on each database that the appliance can stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from appliance.domain.events import KINDS
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.roles import Role
from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import EventRow
from appliance.store.users import SqlUsers
from common.vault import FILE, Vault
from tests.contract.floor.house import House
from tests.support.clock import FakeClock


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    """New keys."""
    return Vault(tmp_path / FILE)


@pytest.fixture
def house(empty_database: Database, vault: Vault) -> Iterator[House]:
    """An empty call centre with three agents and two queues."""
    database = empty_database
    clock = FakeClock()
    users = SqlUsers(database, clock)
    people = [
        users.add(name, name.title(), Role.AGENT, "-", only_first=False)
        for name in ("anna", "bo", "chen")
    ]
    floor = SqlFloor(database, clock, vault)
    sales = floor.write(lambda work: work.save_queue(Queue(0, "sales")))
    support = floor.write(lambda work: work.save_queue(Queue(0, "support")))
    both = frozenset({sales.id, support.id})
    for user in people:
        assert user is not None
        agent = Agent(user.id, user.display_name, queues=both)
        floor.write(lambda work, agent=agent: work.save_agent(agent))
    yield House(database, floor, clock, vault, [u.id for u in people if u], sales.id, support.id)
    floor.close()
    with database.read() as session:
        for row in session.scalars(select(EventRow)):
            known = {name.strip("[]") for name in KINDS[row.kind].fields}
            assert set(row.data) <= known, f"{row.kind} tells {set(row.data) - known}, too"
