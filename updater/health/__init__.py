"""How to see that a program works. One interface; add a file here and name it in `checks_of`."""

from __future__ import annotations

from pathlib import Path

from common.wire.release import Manifest
from updater.health.command import CommandHealth
from updater.health.database import DatabaseHealth
from updater.health.http import HttpHealth
from updater.health.interface import HealthCheck
from updater.health.process import ProcessHealth

__all__ = [
    "CommandHealth",
    "DatabaseHealth",
    "HealthCheck",
    "HttpHealth",
    "ProcessHealth",
    "checks_of",
]


def checks_of(
    manifest: Manifest, folder: Path, port: int, *, timeout: float, check_seconds: float
) -> list[HealthCheck]:
    """The checks that a release asks for, cheapest first.

    Args:
        manifest: the release's.
        folder: the program's, with ``slots`` and ``data`` in it.
        port: the program's.
        timeout: seconds for its health address.
        check_seconds: for its own check command.
    """
    health = manifest.health
    checks: list[HealthCheck] = [ProcessHealth()]
    if health.path:
        checks.append(HttpHealth(port, health.path, timeout))
    if manifest.data.databases:
        checks.append(DatabaseHealth(folder, manifest.data.databases))
    if health.check:
        checks.append(CommandHealth(folder, manifest, check_seconds))
    return checks
