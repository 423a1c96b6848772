"""Releases and fresh lists from a USB stick, straight to this computer.

What is verified of the stick is laid into the program's folder. From there the updater takes what
the communications server cannot give, by the same steps as ever; when that server cannot even be
asked whether it is this computer's turn, the person who brought the stick has decided it.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from common.atomic import fsync_folder, fsync_tree
from common.errors import RefusedError
from common.trust import Repository
from common.trust.expiry import Expiry, of_published
from common.wire.release import (
    channel_target,
    delta_target,
    manifest_target,
    pack_target,
)
from updater.journal import Program
from updater.paths import ProgramFolder
from updater.tools import Tools


@dataclass(frozen=True)
class Brought:
    """What the stick had for one program.

    Attributes:
        product: the program's.
        version: what its channel points to; None when the stick says nothing of it.
        expiry: until when the lists hold.
    """

    product: str
    version: str | None
    expiry: Expiry | None


def bring(program: Program, tools: Tools) -> Brought:
    """Verify what a stick has for ``program`` and keep it for the updater.

    Args:
        program: an adopted program.
        tools: reading from the stick, with a copy of the updater's memory.

    Raises:
        RefusedError: something there is not the vendor's, or older than what was seen.
        NetworkError: the stick is not complete, or was pulled.
        OperatorError: this computer's disk is full or not writable.
    """
    repository = tools.repository
    repository.refresh()
    building = tools.folder.stick.with_name(".building-stick")
    shutil.rmtree(building, ignore_errors=True)
    version = _bring_release(program, tools, building)
    metadata = building / "metadata"
    metadata.mkdir(parents=True, exist_ok=True)
    for name, data in repository.metadata().items():
        (metadata / name).write_bytes(data)
    fsync_tree(building)
    # Killed between these two, nothing of an earlier stick is left: bring it again.
    shutil.rmtree(tools.folder.stick, ignore_errors=True)
    building.replace(tools.folder.stick)
    fsync_folder(tools.folder.root)
    return Brought(program.product, version, of_published(tools.folder.stick / "metadata"))


def _bring_release(program: Program, tools: Tools, building: Path) -> str | None:
    product, channel = program.product, program.channel
    try:
        _keep(tools.repository, channel_target(product, channel), building)
    except RefusedError as error:
        if error.kind != "unknown":
            raise
        return None
    version = tools.repository.channel(product, channel).get(tools.platform)
    if version is None or tools.repository.notice(product, channel, version):
        return None
    tools.repository.manifest(product, version, tools.platform)
    _keep(tools.repository, manifest_target(product, version, tools.platform), building)
    _keep(tools.repository, pack_target(product, version, tools.platform), building)
    if program.current:
        delta = delta_target(product, version, tools.platform, program.current.digest)
        try:
            _keep(tools.repository, delta, building)
        except RefusedError as error:
            if error.kind != "unknown":  # most releases have no delta from just this one
                raise
    return version


def _keep(repository: Repository, target: str, building: Path) -> None:
    repository.download(target, building / repository.published_path(target))


def has(folder: ProgramFolder, product: str, version: str, platform: str) -> bool:
    """Whether a person brought this version here."""
    return (folder.stick / "targets" / product / version / platform).is_dir()
