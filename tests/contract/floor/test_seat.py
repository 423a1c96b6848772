"""The writer keeps its connection, and what it knows, only as long as both are good."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sqlalchemy import text, update

from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import ConversationRow
from common.clock import SystemClock


def test_what_another_wrote_is_seen_by_the_next_job(house):
    number = house.come().conversation.id
    house.floor.write(lambda work: work.save(replace(work.conversation(number), subject="ours")))
    with house.database.write() as session:
        session.execute(
            update(ConversationRow).where(ConversationRow.id == number).values(subject="theirs")
        )
    assert house.floor.write(lambda work: work.conversation(number).subject) == "theirs"


def test_what_was_undone_is_forgotten(house):
    number = house.come().conversation.id

    def fail(work) -> None:
        work.save(replace(work.conversation(number), subject="half"))
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        house.floor.write(fail)
    assert house.floor.write(lambda work: work.conversation(number).subject) == ""


def test_the_writer_goes_on_when_the_database_was_restarted(postgresql_database: Database):
    floor = SqlFloor(postgresql_database, SystemClock())
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
