"""A served program inside the test's own process."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from typing import Any

from flask import Flask

from common.serving import Server, make_server


@contextlib.contextmanager
def served(flask: Flask | None = None, **arguments: Any) -> Iterator[Server]:
    """A server on a free port, in a thread, for the time of the ``with``."""
    defaults = {"name": "test", "host": "127.0.0.1", "port": 0, "port_setting": "test.port"}
    server = make_server(flask=flask or Flask("test"), **{**defaults, **arguments})
    thread = threading.Thread(target=server.run, name="served")
    thread.start()
    try:
        assert server.ready.wait(15), "the server did not become ready"
        yield server
    finally:
        server.stop()
        thread.join(30)
        assert not thread.is_alive(), "the server did not stop"
