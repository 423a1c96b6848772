"""Telling systemd how the program is: ready, alive, stopping. Silent when systemd is not there."""

from __future__ import annotations

import os

from sdnotify import SystemdNotifier


class Watchdog:
    """The sd_notify side of one program.

    systemd names its socket in ``NOTIFY_SOCKET`` and, with ``WatchdogSec=``, how long it waits
    for a sign of life in ``WATCHDOG_USEC``. Without them every call does nothing.
    """

    def __init__(self) -> None:
        self._notifier = SystemdNotifier() if os.environ.get("NOTIFY_SOCKET") else None

    @property
    def interval(self) -> float:
        """Seconds between two signs of life: a third of what systemd waits; 10 when it does not."""
        wanted = os.environ.get("WATCHDOG_USEC", "")
        return int(wanted) / 3e6 if wanted.isdigit() and int(wanted) else 10.0

    def ready(self) -> None:
        """The program answers from now on."""
        self._tell("READY=1")

    def beat(self) -> None:
        """The program is alive; without this systemd starts it again."""
        self._tell("WATCHDOG=1")

    def stopping(self) -> None:
        """The program was asked to end and is doing so."""
        self._tell("STOPPING=1")

    def close(self) -> None:
        """Let go of the socket."""
        if self._notifier and self._notifier.socket:
            self._notifier.socket.close()
            self._notifier = None

    def _tell(self, state: str) -> None:
        if self._notifier:
            self._notifier.notify(state)
