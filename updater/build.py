"""The step of ``staged``: a new slot beside the others, whole or not at all.

The pack is unpacked into ``.building-DIGEST``; common.trust reads it and lets through only the
files of the manifest, with their sizes, modes and hashes, and not a byte more. Then everything is
hashed again from the disk, made read-only and durable, and only then given its name.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path, PurePosixPath

from common.atomic import fsync_folder, fsync_tree, write_bytes
from common.errors import OperatorError, RefusedError
from common.trust.pack import Readable, read_pack
from common.wire.release import File, Manifest
from updater import slots

_CHUNK = 2**20


def build(pack: Path, manifest: Manifest, folder: Path) -> Path:
    """Unpack ``pack`` into a slot below ``folder``; one that is there and sound is taken.

    Raises:
        RefusedError: the pack is not what its manifest says, or the manifest cannot be laid out.
        FileNotFoundError: the pack is gone.
        OperatorError: it cannot be written, e.g. the disk is full.
    """
    _refuse_crossing_paths(manifest)
    slot, half = folder / manifest.digest, folder / f"{slots.BUILDING}{manifest.digest}"
    if slot.exists():
        if not slots.verify(folder, manifest.digest):
            return slot
        slots.remove(folder, manifest.digest)
    if not pack.exists():
        raise FileNotFoundError(pack)
    folder.mkdir(parents=True, exist_ok=True)
    if half.exists():
        slots.remove_tree(half)
    try:
        _unpack(pack, manifest, half)
        _protect(half)
        if findings := slots.compare(half, manifest):
            raise OperatorError(
                f"The disk of {folder} did not give back what was written to it "
                f"({findings[0]}) Check the disk; the update is tried again by itself."
            )
        fsync_tree(half)
        # The launcher reads the manifest of every slot it finds: it is there first.
        write_bytes(folder / f"{manifest.digest}.json", manifest.to_bytes())
        half.rename(slot)
        fsync_folder(folder)
    except RefusedError:
        slots.remove_tree(half)
        raise
    except OSError as error:
        if half.exists():
            slots.remove_tree(half)  # its space is needed more than its bytes
        raise OperatorError(
            f"The new release cannot be written to {folder} ({error.strerror or error}). "
            "Free disk space, or correct the folder's owner; it is tried again by itself."
        ) from error
    return slot


def _unpack(pack: Path, manifest: Manifest, half: Path) -> None:
    half.mkdir(mode=0o700)

    def take(file: File, content: Readable) -> None:
        path = half / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        # EXCL and NOFOLLOW: whatever lay there before, a link above all, is not written through.
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW
        with os.fdopen(os.open(path, flags, 0o600), "wb") as written:
            shutil.copyfileobj(content, written, _CHUNK)
            os.fchmod(written.fileno(), file.mode & slots.READ_ONLY_FOLDER)

    read_pack(pack, manifest, take)


def _protect(half: Path) -> None:
    for base, _folders, _files in os.walk(half, topdown=False):
        Path(base).chmod(slots.READ_ONLY_FOLDER)


def _refuse_crossing_paths(manifest: Manifest) -> None:
    paths = {file.path for file in manifest.files}
    for path in paths:
        for above in PurePosixPath(path).parents:
            if str(above) in paths:
                raise RefusedError(
                    "manifest", f"The release wants {str(above)!r} to be a file and a folder."
                )
