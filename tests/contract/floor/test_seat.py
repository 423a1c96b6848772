"""The writer keeps its connection, and what it knows, only as long as both are good."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text, update

from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import AgentRow, ConversationRow, QueueRow
from common.clock import SystemClock
from common.vault import Vault


def test_what_another_wrote_is_seen_by_the_next_job(house):
    number = house.come().conversation.id
    house.floor.write(lambda work: work.save(replace(work.conversation(number), subject="ours")))
    with house.database.write() as session:
        session.execute(
            update(ConversationRow).where(ConversationRow.id == number).values(subject="theirs")
        )
    assert house.floor.write(lambda work: work.conversation(number).subject) == "theirs"


def test_agents_and_queues_that_another_changed_are_seen_by_the_next_job(house):
    def names(work) -> tuple[set[str], set[str]]:
        queues = {queue.name for queue in work.queues().values()}
        return {agent.name for agent in work.agents()}, queues

    agent = house.agents[0]
    house.floor.write(names)
    with house.database.write() as session:
        session.execute(update(AgentRow).where(AgentRow.id == agent).values(name="Theirs"))
        session.execute(update(QueueRow).values(name=QueueRow.name + "!"))
    agents, queues = house.floor.write(names)
    assert "Theirs" in agents
    assert len(agents) == len(house.agents)
    assert all(name.endswith("!") for name in queues)


def test_what_a_job_changes_of_agents_and_queues_is_what_the_next_one_reads(house):
    agent = house.agents[0]
    house.floor.write(lambda work: (work.agents(), work.queues()))

    def rename(work) -> None:
        work.save_agent(replace(work.agent(agent), name="Bo"))
        work.save_queue(replace(work.queue(house.sales), name="ours"))

    house.floor.write(rename)
    found = house.floor.write(
        lambda work: ([one.name for one in work.agents()], work.queues()[house.sales].name)
    )
    assert "Bo" in found[0]
    assert found[1] == "ours"

    def fail(work) -> None:
        work.save_agent(replace(work.agent(agent), name="half"))
        work.save_queue(replace(work.queue(house.sales), name="half"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.floor.write(fail)
    assert house.floor.write(lambda work: work.agent(agent).name) == "Bo"
    assert house.floor.write(lambda work: work.queue(house.sales).name) == "ours"


def test_what_was_undone_is_forgotten(house):
    number = house.come().conversation.id

    def fail(work) -> None:
        work.save(replace(work.conversation(number), subject="half"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.floor.write(fail)
    assert house.floor.write(lambda work: work.conversation(number).subject) == ""


def test_the_writer_goes_on_when_the_database_was_restarted(
    postgresql_database: Database, vault: Vault
):
    floor = SqlFloor(postgresql_database, SystemClock(), vault)
    try:
        assert floor.write(lambda work: len(work.waiting())) >= 0
        with postgresql_database.engine.connect() as connection:
            connection.execute(
                text(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE pid <> pg_backend_pid() AND datname = current_database()"
                )
            )
        assert floor.write(lambda work: len(work.waiting())) >= 0
    finally:
        floor.close()
