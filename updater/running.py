"""The process that a program's launcher started, if it lives."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from updater.launcher import boot_id, kernel_start, read_json


@dataclass(frozen=True)
class Running:
    """A living process that the launcher noted in ``running.json``."""

    pid: int
    generation: int
    slot: str
    since: str


def read_running(folder: Path) -> Running | None:
    """The process, when the kernel knows it as the very one that was noted."""
    record = read_json(folder / "running.json")
    if not record or record.get("boot") != boot_id():
        return None
    try:
        if kernel_start(int(record["pid"])) != record["started"]:
            return None
        return Running(
            int(record["pid"]), int(record["generation"]), str(record["slot"]), str(record["since"])
        )
    except (KeyError, TypeError, ValueError):
        return None


def outcome_of(folder: Path, generation: int) -> dict[str, Any] | None:
    """What the launcher wrote when it gave this generation's trial up."""
    outcome = read_json(folder / "outcome.json")
    return outcome if outcome and outcome.get("generation") == generation else None


def last_end(folder: Path, generation: int) -> str:
    """How the last start of a generation on trial ended, in words; empty when none did."""
    counted = read_json(folder / "attempts.json")
    if not counted or counted.get("generation") != generation:
        return ""
    return str(counted.get("ended", ""))
