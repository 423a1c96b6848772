"""The snapshots of one program's data, as the updater sees them; the launcher makes them.

It alone knows when nothing runs that could still write. The updater decides whether one is
needed, sees beforehand that there is room, and lets go of old ones.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from common.wire.release import Manifest
from updater.fetch import check_space
from updater.journal import Program
from updater.launcher.snapshot import is_taken
from updater.paths import ProgramFolder
from updater.tools import Tools


@dataclass(frozen=True)
class Plan:
    """What is done with the data at a switch.

    Attributes:
        snapshot: whether one is taken.
        closed: whether the release is on probation behind closed doors, because the one before
            cannot read what it writes.
    """

    snapshot: bool
    closed: bool


def plan(target: Manifest, current_version: str | None) -> Plan:
    """What a switch from ``current_version`` (None: nothing runs) to ``target`` needs. Pure."""
    if current_version is None:
        return Plan(snapshot=False, closed=False)
    rules = bool(target.data.databases or target.data.hook)
    return Plan(snapshot=rules, closed=not target.data_is_read_by(current_version))


def needed_bytes(target: Manifest, folder: ProgramFolder) -> int:
    """Bytes that a snapshot will take; what a hook copies is not known before."""
    files = (folder.data / path for path in target.data.databases)
    return sum(_size(file) + _size(file.with_name(f"{file.name}-wal")) for file in files)


def check_room(program: Program, tools: Tools) -> None:
    """See that the snapshot fits. Raises RefusedError (``disk``)."""
    target = program.wanted()
    if plan(target, program.current.version if program.current else None).snapshot:
        needed = needed_bytes(target, tools.folder)
        check_space(tools.folder.root, needed, tools.settings.disk_reserve)


def sweep(folder: ProgramFolder, keep: int) -> None:
    """Remove all but the newest ``keep``, and what was never finished."""
    if not folder.snapshots.exists():
        return
    names = [path.name for path in folder.snapshots.iterdir() if path.name.isdigit()]
    whole = sorted((n for n in names if is_taken(folder.root, n)), key=int)
    for name in {*names} - {*whole[-keep:]}:
        shutil.rmtree(folder.snapshots / name)


def _size(file: Path) -> int:
    return file.stat().st_size if file.exists() else 0
