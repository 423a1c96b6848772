"""The step of ``fetching``: bring a delta or the full pack here, going on where a try ended.

The delta is taken when there is one from the release that runs here, and it is smaller. One that
could not be used is not tried again: `Way` remembers why, and the receipt tells it.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from common.errors import NotThereError, RefusedError
from common.logs import get_logger
from common.wire.release import Manifest, delta_target, pack_target
from updater import slots
from updater.journal import Program
from updater.paths import ProgramFolder
from updater.tools import Tools
from updater.way import Way

log = get_logger(__name__)
STEP = "fetch"
# A slot takes a little more than its bytes: a folder, the end of a block.
_PER_FILE = 4096
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Delta:
    """A delta that the vendor lists: its name, bytes, its base's manifest, its place here."""

    target: str
    length: int
    base: Manifest
    path: Path


def pack_path(folder: ProgramFolder, target: Manifest) -> Path:
    """Where the pack of a release lies while it is needed."""
    return folder.downloads / f"{target.digest}.tar.zst"


def delta_to(program: Program, tools: Tools, version: str, digest: str) -> Delta | None:
    """The delta from the release that runs here, if the vendor lists one and it may be used.

    Args:
        program: whose current release is the base.
        tools: its tools.
        version: to go to.
        digest: of that release's manifest.
    """
    if program.current is None or Way.read(tools.journal, program.product, digest).refused:
        return None
    base = slots.manifest_of(tools.folder.slots, program.current.digest)
    if base is None:
        return None
    target = delta_target(program.product, version, tools.platform, base.digest)
    try:
        length, _sha256 = tools.repository.info(target)
    except RefusedError as error:
        if error.kind == "unknown":
            return None
        raise
    return Delta(target, length, base, tools.folder.downloads / f"{digest}.delta")


def fetch(program: Program, tools: Tools, progress: Progress) -> Path:
    """Download what the target is built from.

    Args:
        program: in the state ``fetching``.
        tools: its tools.
        progress: called with (bytes so far, bytes in all); what it raises ends the step.

    Returns:
        The delta or the pack.

    Raises:
        RefusedError: ``disk`` when it would not fit; or the bytes are not the vendor's.
        NetworkError: it broke off.
        OperatorError: it cannot be written.
    """
    target = program.wanted()
    pack = pack_target(target.product, target.version, target.platform)
    length, _sha256 = tools.repository.info(pack)
    tools.folder.downloads.mkdir(parents=True, exist_ok=True)
    delta = delta_to(program, tools, target.version, target.digest)
    if delta and delta.length < length:
        try:
            return _fetch_delta(delta, target, tools, progress)
        except NotThereError:  # a mirror that has only packs
            log.info("fetch.delta_not_there", delta=delta.target)
        except RefusedError as error:
            if error.kind == "disk":
                raise
            refuse_delta(tools, target, str(error))
    path = pack_path(tools.folder, target)
    if not path.exists():
        check_space(tools.folder.root, length + target.size, tools.settings.disk_reserve)
    tools.repository.download(pack, path, progress)
    _remember(tools, target, "full", length)
    return path


def _fetch_delta(delta: Delta, target: Manifest, tools: Tools, progress: Progress) -> Path:
    have = {file.sha256 for file in delta.base.files}
    needed = sum(file.size for file in target.files if file.sha256 not in have)
    needed += _PER_FILE * len(target.files)
    if not delta.path.exists():
        needed += delta.length
    check_space(tools.folder.root, needed, tools.settings.disk_reserve)
    tools.repository.download(delta.target, delta.path, progress)
    _remember(tools, target, "delta", delta.length)
    return delta.path


def fetched(tools: Tools, target: Manifest) -> Path:
    """What `fetch` brought. Raises FileNotFoundError."""
    delta, pack = tools.folder.downloads / f"{target.digest}.delta", pack_path(tools.folder, target)
    way = Way.read(tools.journal, target.product, target.digest)
    found = delta if way.by == "delta" and not way.refused else pack
    if not found.exists():
        raise FileNotFoundError(found)
    return found


def refuse_delta(tools: Tools, target: Manifest, why: str) -> None:
    """Never use the delta to ``target`` again here; the receipt will say why."""
    log.warning("fetch.delta_refused", product=target.product, version=target.version, why=why)
    Way(target.digest, refused=why).keep(tools.journal, target.product)
    (tools.folder.downloads / f"{target.digest}.delta").unlink(missing_ok=True)


def _remember(tools: Tools, target: Manifest, by: str, length: int) -> None:
    refused = Way.read(tools.journal, target.product, target.digest).refused
    Way(target.digest, by, length, refused).keep(tools.journal, target.product)


def check_space(folder: Path, needed: int, reserve: int) -> None:
    """Refuse before anything is written when it would not fit. Raises RefusedError."""
    free = shutil.disk_usage(folder).free
    if free - needed < reserve:
        raise RefusedError(
            "disk",
            f"The update needs {_mib(needed)} MiB and {_mib(reserve)} MiB must stay free, but only "
            f"{_mib(free)} MiB are free at {folder}. Free some space; it is tried again by itself.",
        )


def forget(folder: ProgramFolder) -> None:
    """Remove every pack and delta, whole or in part."""
    if folder.downloads.exists():
        shutil.rmtree(folder.downloads)


def _mib(count: int) -> int:
    return -(-count // 2**20)
