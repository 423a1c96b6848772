"""Whether a program's port is free, before the first release of it is started.

A program that ran here before it came into this updater's care still has its port; started beside
it, the release would fail for no fault of its own, and be remembered as bad.
"""

from __future__ import annotations

import errno
import os
import socket

from updater import pointer
from updater.journal import Program
from updater.tools import Tools


def in_the_way(program: Program, tools: Tools) -> str:
    """Why the switch must wait, in a sentence; empty when it need not."""
    if program.current is not None or not program.port:
        return ""
    if pointer.is_at(tools.folder.root, program.generation) or not _taken(program.port):
        return ""
    return (
        f"Port {program.port} is still in use by a program that was not started by this updater. "
        f"End it for good; {program.product} {program.wanted().version} is started then."
    )


def _taken(port: int) -> bool:
    with socket.socket() as probe:
        if os.name == "posix":  # connections that are long closed are not in the way
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError as error:
            return error.errno == errno.EADDRINUSE
    return False
