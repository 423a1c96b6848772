"""The manifest of the release that a channel points to, at as few bytes as there are.

It names every file by its hash, which is hundreds of kilobytes for thousands of files. Its own hash
stands in the vendor's signed list: so what is here already is not fetched, and what changed since
the release that runs here comes at the head of a small delta.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from common.atomic import write_bytes
from common.errors import CallsteadError, RefusedError
from common.trust.delta import read_head
from common.wire.release import Manifest, manifest_target, read_manifest
from updater import fetch, slots
from updater.journal import Program
from updater.tools import Tools


def offered(program: Program, tools: Tools, version: str) -> Manifest:
    """The verified manifest of ``version``.

    Raises:
        RefusedError, NetworkError: as `common.trust.repository.Repository.manifest`.
        OperatorError: the folder cannot be written.
    """
    name = manifest_target(program.product, version, tools.platform)
    length, digest = tools.repository.info(name)
    if program.target and program.target.digest == digest:
        return program.target
    found = slots.manifest_of(tools.folder.slots, digest) or _remembered(tools, digest)
    if found is None:
        found = _from_delta(program, tools, version, digest, length)
        found = found or tools.repository.manifest(program.product, version, tools.platform)
        # A release that is not gone to, because it failed here, is looked at again each minute.
        write_bytes(_memory(tools), found.to_bytes())
    return found


def _memory(tools: Tools) -> Path:
    return tools.folder.root / "offered.json"


def _remembered(tools: Tools, digest: str) -> Manifest | None:
    try:
        data = _memory(tools).read_bytes()
        return read_manifest(json.loads(data)) if _sha256(data) == digest else None
    except (OSError, ValueError, RefusedError):
        return None


def _from_delta(
    program: Program, tools: Tools, version: str, digest: str, length: int
) -> Manifest | None:
    """The manifest at the head of a delta that is smaller than the manifest itself."""
    delta = fetch.delta_to(program, tools, version, digest)
    if delta is None or delta.length >= length:
        return None
    try:
        write_bytes(delta.path, tools.repository.read(delta.target))
        head = read_head(delta.path, delta.base)
    except CallsteadError:  # the manifest itself is there to be fetched
        return None
    found = head.manifest
    asked = (program.product, version, tools.platform)
    if head.digest != digest or (found.product, found.version, found.platform) != asked:
        return None
    return found


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()
