"""Closing connections whose other side does not help.

A TLS connection is closed when both sides have said so, and uvloop waits 30 s for the other's
word. Browsers and pools of idle connections do not listen, so that every stop of a program would
take that long.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.server import ServerState

_LOOK_EVERY = 0.25
# A living client answers within this, also over a slow line.
_PATIENCE = 4  # looks


async def drop_the_deaf(state: ServerState) -> None:
    """While the server stops: drop connections that have nothing left to say, until cancelled.

    Requests that are still being answered, and answers still on their way, are left alone.
    """
    seen: dict[int, int] = {}
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        for connection in list(state.connections):
            if not _has_said_all(connection):
                continue
            seen[id(connection)] = seen.get(id(connection), 0) + 1
            if seen[id(connection)] >= _PATIENCE:
                connection.transport.abort()


def drop_all(state: ServerState) -> None:
    """At the very end."""
    for connection in list(state.connections):
        connection.transport.abort()


def _has_said_all(connection: Any) -> bool:
    if connection.transport.get_write_buffer_size():
        return False
    cycle = getattr(connection, "cycle", None)  # a WebSocket has none, and was told to go
    return cycle is None or bool(cycle.response_complete)
