"""A connection that PostgreSQL or the network has ended is known as lost."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine

from appliance.store.lost import know_lost_connections


class Gone:
    """A driver's connection whose socket fails at the first byte."""

    def cursor(self):
        raise ConnectionResetError(104, "Connection reset by peer")


@pytest.fixture
def dialect():
    dialect = create_engine("postgresql+pg8000://somebody@nowhere/none").dialect
    know_lost_connections(dialect)
    return dialect


def test_the_servers_farewell_and_a_sockets_error_are_lost_connections(dialect):
    farewell = dialect.loaded_dbapi.DatabaseError({"S": "FATAL", "C": "57P01"})
    assert dialect.is_disconnect(farewell, None, None)
    assert dialect.is_disconnect(BrokenPipeError(), None, None)


def test_a_refused_statement_is_no_lost_connection(dialect):
    refused = dialect.loaded_dbapi.DatabaseError({"S": "ERROR", "C": "23505"})
    assert not dialect.is_disconnect(refused, None, None)


def test_a_dead_connection_of_the_pool_is_found_dead(dialect):
    assert dialect.do_ping(Gone()) is False
