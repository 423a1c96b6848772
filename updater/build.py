"""The step of ``staged``: a new slot beside the others, whole or not at all.

A pack or a delta is unpacked into ``.building-DIGEST``; common.trust reads it and lets through only
the files of the manifest, with their sizes, modes and hashes, and not a byte more. Then everything
is hashed again from the disk, what a delta left as it was too, made read-only and durable, and only
then given its name. A delta that does not lead there is given up for the full pack.
"""

from __future__ import annotations

import errno
import functools
import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path

from common.atomic import fsync_folder, fsync_tree, write_bytes
from common.errors import CallsteadError, OperatorError, RefusedError
from common.trust.delta import read_delta
from common.trust.pack import Readable, read_pack
from common.wire.release import File, Manifest
from updater import fetch, slots
from updater.journal import Release
from updater.tools import Tools

_CHUNK = 2**20
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
# Windows has no O_NOFOLLOW, and elsewhere bytes are bytes without being asked for.
_PLAINLY = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0)
# There os.link has no choice of not following a link; the hash of the whole slot tells then.
_LINK = {"follow_symlinks": False} if os.link in os.supports_follow_symlinks else {}


class DeltaUnfitError(CallsteadError):
    """The delta does not make the release here; the full pack will."""


def build_fetched(target: Manifest, current: Release | None, tools: Tools) -> Path:
    """Build the target from what `updater.fetch.fetch` brought.

    Raises:
        DeltaUnfitError: it was a delta, which is remembered as unfit.
        RefusedError, FileNotFoundError, OperatorError: as `build`.
    """
    folder = tools.folder.slots
    if (folder / target.digest).exists():  # built before a kill; or from an earlier time
        return build(fetch.pack_path(tools.folder, target), target, folder)
    brought = fetch.fetched(tools, target)
    if brought.suffix != ".delta":
        return build(brought, target, folder)
    try:
        base = slots.manifest_of(folder, current.digest) if current else None
        if base is None:
            raise RefusedError("delta", "The manifest of the release before is gone.")
        return build_from_delta(brought, base, target, folder)
    except RefusedError as error:
        if error.kind != "delta":
            raise
        fetch.refuse_delta(tools, target, str(error))
        raise DeltaUnfitError(str(error)) from error


def build(pack: Path, manifest: Manifest, folder: Path) -> Path:
    """Unpack ``pack`` into a slot below ``folder``; one that is there and sound is taken.

    Raises:
        RefusedError: the pack is not what its manifest says, or the manifest cannot be laid out.
        FileNotFoundError: the pack is gone.
        OperatorError: it cannot be written, e.g. the disk is full.
    """

    def fill(half: Path) -> None:
        read_pack(pack, manifest, functools.partial(_write, half))

    def broken(finding: str) -> Exception:
        return OperatorError(
            f"The disk of {folder} did not give back what was written to it "
            f"({finding}) Check the disk; the update is tried again by itself."
        )

    return _make(pack, manifest, folder, fill, broken)


def build_from_delta(delta: Path, base: Manifest, manifest: Manifest, folder: Path) -> Path:
    """Make a slot from the one of ``base`` and a delta; what did not change is linked.

    Raises:
        RefusedError: ``delta``: it, or the slot of the base, is not what its manifest says; or
            the manifest cannot be laid out.
        FileNotFoundError: the delta is gone.
        OperatorError: it cannot be written, e.g. the disk is full.
    """
    before = folder / base.digest

    def fill(half: Path) -> None:
        read_delta(
            delta,
            base,
            manifest,
            functools.partial(_read_old, before),
            functools.partial(_write, half),
            functools.partial(_keep, before, half),
        )

    def broken(finding: str) -> Exception:
        return RefusedError("delta", f"The slot that the delta made is not right: {finding}")

    return _make(delta, manifest, folder, fill, broken)


def _make(
    source: Path,
    manifest: Manifest,
    folder: Path,
    fill: Callable[[Path], None],
    broken: Callable[[str], Exception],
) -> Path:
    _refuse_crossing_paths(manifest)
    slot, half = folder / manifest.digest, folder / f"{slots.BUILDING}{manifest.digest}"
    if slot.exists():
        if not slots.verify(folder, manifest.digest):
            return slot
        slots.remove(folder, manifest.digest)
    if not source.exists():
        raise FileNotFoundError(source)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if half.exists():
            slots.remove_tree(half)
        half.mkdir(mode=0o700)
        _make_folders(half, manifest)
        fill(half)
        _protect(half)
        if findings := slots.compare(half, manifest):
            raise broken(findings[0])
        fsync_tree(half, linked=False)
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


def _make_folders(half: Path, manifest: Manifest) -> None:
    for folder in sorted({os.path.dirname(file.path) for file in manifest.files}):  # noqa: PTH120 - Path is slow
        (half / folder).mkdir(parents=True, exist_ok=True)


def _write(half: Path, file: File, content: Readable) -> None:
    path = half / file.path
    # EXCL and NOFOLLOW: whatever lay there before, a link above all, is not written through.
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _PLAINLY
    with os.fdopen(os.open(path, flags, 0o600), "wb") as written:
        shutil.copyfileobj(content, written, _CHUNK)
        # Windows changes the mode by the path alone.
        place = written.fileno() if os.chmod in os.supports_fd else path
        os.chmod(place, file.mode & slots.READ_ONLY_FOLDER)  # noqa: PTH101 - of the open file


def _keep(before: Path, half: Path, old: File, new: File) -> None:
    """Both slots share the bytes of a file that did not change; nobody writes to either."""
    if old.mode == new.mode:
        try:
            os.link(f"{before}/{old.path}", f"{half}/{new.path}", **_LINK)
        except OSError as error:
            if error.errno in _FULL:
                raise
            # Some file systems have no links, or too few of one file; a missing file is told below.
        else:
            return
    _write(half, new, io.BytesIO(_read_old(before, old)))


def _read_old(before: Path, file: File) -> bytes:
    """The bytes of a file of the slot before. Raises RefusedError: ``delta``."""
    try:
        opened = os.open(before / file.path, os.O_RDONLY | _PLAINLY)
        with os.fdopen(opened, "rb") as content:
            return content.read(file.size + 1)
    except OSError as error:
        raise RefusedError(
            "delta", f"{file.path} of the release before cannot be read ({error.strerror})."
        ) from error


def _protect(half: Path) -> None:
    for base, _folders, _files in os.walk(half, topdown=False):
        Path(base).chmod(slots.READ_ONLY_FOLDER)


def _refuse_crossing_paths(manifest: Manifest) -> None:
    paths = {file.path for file in manifest.files}
    for path in paths:
        above = path
        while "/" in above:
            above = above.rpartition("/")[0]
            if above in paths:
                raise RefusedError(
                    "manifest", f"The release wants {above!r} to be a file and a folder."
                )
