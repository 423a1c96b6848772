"""Healthy is what lives: all that can be asked of a program without a health address."""

from __future__ import annotations

from updater.launcher import kernel_start
from updater.running import Running


class ProcessHealth:
    """The process is there."""

    def problem(self, process: Running) -> str:
        """See `HealthCheck.problem`."""
        return "" if kernel_start(process.pid) is not None else "The program ended."
