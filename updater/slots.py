"""The installed releases of one program: list, verify, remove."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from common.atomic import sweep_parts
from common.errors import RefusedError
from common.wire.release import File, Manifest, read_manifest
from updater.platform import here

BUILDING = ".building-"
REMOVING = ".removing-"
_CHUNK = 2**20
# Nobody writes into a slot, its owner neither: what was hashed is what runs.
READ_ONLY_FOLDER = 0o555


@dataclass(frozen=True)
class Slot:
    """An installed release. ``manifest`` is None when its file is gone or broken."""

    digest: str
    path: Path
    manifest: Manifest | None


def all_slots(slots: Path) -> list[Slot]:
    """Every finished slot, by digest."""
    if not slots.exists():
        return []
    found = sorted(p for p in slots.iterdir() if p.is_dir() and not p.name.startswith("."))
    return [Slot(path.name, path, manifest_of(slots, path.name)) for path in found]


def manifest_of(slots: Path, digest: str) -> Manifest | None:
    """The manifest of a slot, if its bytes still have the slot's digest."""
    try:
        manifest = read_manifest(json.loads((slots / f"{digest}.json").read_bytes()))
    except (OSError, ValueError, RefusedError):
        return None
    return manifest if manifest.digest == digest else None


def verify(slots: Path, digest: str) -> list[str]:
    """Hash a whole slot again; a sentence for each thing that is not as it was signed."""
    if not (slots / digest).is_dir():
        return [f"The slot {digest[:12]} is gone."]
    manifest = manifest_of(slots, digest)
    if manifest is None:
        return [f"The manifest of the slot {digest[:12]} is gone or was changed."]
    return compare(slots / digest, manifest)


def compare(slot: Path, manifest: Manifest) -> list[str]:
    """What differs between the files below ``slot`` and ``manifest``."""
    waiting = {file.path: file for file in manifest.files}
    findings = []
    start = len(str(slot)) + 1
    for path in _everything(slot):
        name = str(path)[start:].replace(os.sep, "/")
        file = waiting.pop(name, None)
        if file is None:
            findings.append(f"{name} was added.")
        elif fault := _fault(path, file):
            findings.append(f"{name} {fault}.")
    return findings + [f"{name} is missing." for name in waiting]


def sweep(slots: Path) -> None:
    """Remove what a killed run left half built or half removed."""
    if slots.exists():
        sweep_parts(slots)
        for path in slots.iterdir():
            if path.name.startswith((BUILDING, REMOVING)):
                remove_tree(path)


def remove_all_but(slots: Path, keep: Collection[str]) -> list[str]:
    """Remove every slot that is not in ``keep``; the digests that went."""
    gone = []
    for slot in all_slots(slots):
        if slot.digest not in keep:
            remove(slots, slot.digest)
            gone.append(slot.digest)
    for path in slots.glob("*.json"):
        if path.stem not in keep and not (slots / path.stem).exists():
            path.unlink()  # left by a kill between the two steps of `remove`
    return gone


def remove(slots: Path, digest: str) -> None:
    """Remove one slot; it is gone from the list at once."""
    leaving = slots / f"{REMOVING}{digest}"
    if leaving.exists():
        remove_tree(leaving)
    if (slots / digest).exists():
        (slots / digest).rename(leaving)
        remove_tree(leaving)
    (slots / f"{digest}.json").unlink(missing_ok=True)


def remove_tree(folder: Path) -> None:
    """Remove a folder in which things are read-only."""
    for base, _folders, files in os.walk(folder):
        here.loosen(Path(base), files)
    shutil.rmtree(folder)


def _everything(folder: Path) -> Iterator[Path]:
    """Every file, and every link whatever it points to; folders are only walked through."""
    for base, folders, files in os.walk(folder):
        for name in files:
            yield Path(base) / name
        for name in folders:
            if (Path(base) / name).is_symlink():
                yield Path(base) / name


def _fault(path: Path, file: File) -> str:
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        return "is no longer a plain file"
    if status.st_size != file.size:
        return f"has {status.st_size} bytes instead of {file.size}"
    mode = stat.S_IMODE(status.st_mode)
    if not here.same_mode(mode, file.mode & READ_ONLY_FOLDER):
        return f"has the mode {mode:o}"
    with path.open("rb") as content:
        digest = hashlib.sha256()
        while chunk := content.read(_CHUNK):
            digest.update(chunk)
    return "" if digest.hexdigest() == file.sha256 else "was changed"
