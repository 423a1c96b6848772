"""What every health check offers."""

from __future__ import annotations

from typing import Protocol

from updater.running import Running


class HealthCheck(Protocol):
    """Looks once, quickly, and never raises: what it cannot see is a problem in a sentence."""

    def problem(self, process: Running) -> str:
        """Empty when all is well, else a sentence.

        Args:
            process: the living process that must be the one that works.
        """
        ...
