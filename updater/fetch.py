"""The step of ``fetching``: bring the pack here, verified, going on where an earlier try ended."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from common.errors import RefusedError
from common.wire.release import Manifest, pack_target
from updater.journal import Program
from updater.paths import ProgramFolder
from updater.tools import Tools

STEP = "fetch"
Progress = Callable[[int, int], None]


def pack_path(folder: ProgramFolder, target: Manifest) -> Path:
    """Where the pack of a release lies while it is needed."""
    return folder.downloads / f"{target.digest}.tar.zst"


def fetch(program: Program, tools: Tools, progress: Progress) -> Path:
    """Download the target's pack.

    Args:
        program: in the state ``fetching``.
        tools: its tools.
        progress: called with (bytes so far, bytes in all); what it raises ends the step.

    Raises:
        RefusedError: ``disk`` when it would not fit; or the bytes are not the vendor's.
        NetworkError: it broke off.
        OperatorError: it cannot be written.
    """
    target = program.wanted()
    name = pack_target(target.product, target.version, target.platform)
    length, _sha256 = tools.repository.info(name)
    path = pack_path(tools.folder, target)
    tools.folder.downloads.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        check_space(tools.folder.root, length + target.size, tools.settings.disk_reserve)
    tools.repository.download(name, path, progress)
    return path


def check_space(folder: Path, needed: int, reserve: int) -> None:
    """Refuse before anything is written when pack and slot would not fit. Raises RefusedError."""
    free = shutil.disk_usage(folder).free
    if free - needed < reserve:
        raise RefusedError(
            "disk",
            f"The update needs {_mib(needed)} MiB and {_mib(reserve)} MiB must stay free, but only "
            f"{_mib(free)} MiB are free at {folder}. Free some space; it is tried again by itself.",
        )


def forget(folder: ProgramFolder) -> None:
    """Remove every pack, whole or in part."""
    if folder.downloads.exists():
        shutil.rmtree(folder.downloads)


def _mib(count: int) -> int:
    return -(-count // 2**20)
