"""How to see that a program works. One interface; add a file here and name it in `checks_of`."""

from __future__ import annotations

from common.wire.release import Health
from updater.health.http import HttpHealth
from updater.health.interface import HealthCheck
from updater.health.process import ProcessHealth

__all__ = ["HealthCheck", "HttpHealth", "ProcessHealth", "checks_of"]


def checks_of(health: Health, port: int, timeout: float) -> list[HealthCheck]:
    """The checks that a release asks for, cheapest first."""
    checks: list[HealthCheck] = [ProcessHealth()]
    if health.path:
        checks.append(HttpHealth(port, health.path, timeout))
    return checks
