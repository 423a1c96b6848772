"""What the updater tells systemd, when its own launcher stands in between.

systemd believes the process that it started, and no other: that is the launcher. So the launcher
gives the updater a socket of its own and hands on what comes through it (sd_notify(3)). While no
updater runs, because it is just being replaced, the launcher itself gives the sign of life.
"""

from __future__ import annotations

import contextlib
import os
import socket

_BEAT = b"WATCHDOG=1"
_MOST = 4096
_AT_ONCE = 100  # messages in one look


class Relay:
    """Hands messages on to ``NOTIFY_SOCKET``; does nothing where there is none."""

    def __init__(self) -> None:
        self._to = os.environ.get("NOTIFY_SOCKET", "")
        self._socket: socket.socket | None = None
        self.name = ""
        if self._to and hasattr(socket, "AF_UNIX"):
            self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC)
            self._socket.setblocking(False)
            self._socket.bind(f"\0callstead-updater-{os.getpid()}")
            self.name = f"@callstead-updater-{os.getpid()}"

    def pump(self, *, beat: bool) -> None:
        """Hand on what waits; with ``beat`` a sign of life as well."""
        if self._socket is None:
            return
        waiting = [_BEAT] if beat else []
        with contextlib.suppress(OSError):
            while len(waiting) < _AT_ONCE:
                waiting.append(self._socket.recv(_MOST))
        address = f"\0{self._to[1:]}" if self._to.startswith("@") else self._to
        for message in waiting:
            with contextlib.suppress(OSError):  # systemd is not there: nobody to tell
                self._socket.sendto(message, address)

    def close(self) -> None:
        """Let go of the socket."""
        if self._socket:
            self._socket.close()
            self._socket = None
