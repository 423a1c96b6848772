"""Connections to PostgreSQL that it, or the network, has ended: told as what they are.

pg8000 lets some errors of the socket through as they are, and the server's own farewell looks to
SQLAlchemy like any refused statement; either would reach a user once for each connection that idled
while the database was restarted.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Dialect

_FAREWELLS = {"57P01", "57P02", "57P03"}  # ended by its administrator, by a crash, not up yet


def is_farewell(error: BaseException) -> bool:
    """Whether ``error``, as the driver or the socket raised it, means that nobody is there."""
    told = error.args[0] if error.args else None
    return isinstance(error, OSError) or (isinstance(told, dict) and told.get("C") in _FAREWELLS)


def know_lost_connections(dialect: Dialect) -> None:
    """Let ``dialect``, of one engine, take the same for a lost connection."""
    usual_disconnect, usual_ping = dialect.is_disconnect, dialect.do_ping

    def is_disconnect(error: Any, connection: Any, cursor: Any) -> bool:
        return is_farewell(error) or usual_disconnect(error, connection, cursor)

    def do_ping(connection: Any) -> bool:
        try:
            return usual_ping(connection)
        except OSError:
            return False

    dialect.is_disconnect = is_disconnect  # type: ignore[method-assign,assignment]
    dialect.do_ping = do_ping  # type: ignore[method-assign,assignment]
