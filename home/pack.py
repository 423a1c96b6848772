"""A finished program folder becomes a pack: ``manifest.json`` and ``full.tar.zst``.

The same folder gives the same tar, byte for byte: files in the order of their paths, no owner, no
times. Only the manifest knows when it was made (``SOURCE_DATE_EPOCH`` holds that still too).
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import IO

import zstandard

from common.atomic import fsync_folder, write_bytes
from common.clock import Clock, stamp
from common.errors import OperatorError, RefusedError
from common.wire.release import File, Manifest, read_manifest

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Packed:
    """What was made: the manifest, and the bytes of ``full.tar.zst``."""

    manifest: Manifest
    pack_size: int


def pack(
    folder: Path,
    draft: Manifest,
    out: Path,
    *,
    level: int,
    clock: Clock,
    progress: Progress = lambda _done, _total: None,
) -> Packed:
    """Pack ``folder`` into ``out``.

    Args:
        folder: e.g. what PyInstaller made. A link to a file inside it becomes that file.
        draft: the manifest without its files and date.
        out: the folder to make; ``manifest.json`` appears last.
        level: of zstd.
        clock: the manifest's date.
        progress: called with (bytes read, bytes in all).

    Raises:
        OperatorError: the folder is missing, empty, has a link out of it or changed meanwhile;
            the version or the start is unfit; ``out`` cannot be written.
    """
    paths = list(_paths(folder))
    total = sum(path.stat().st_size for _name, path in paths)
    try:
        out.mkdir(parents=True, exist_ok=True)
        (out / "manifest.json").unlink(missing_ok=True)  # of an earlier pack, which is no more
        part = out / ".full.tar.zst.part"
        with part.open("wb") as file:
            files = tuple(_write(file, paths, level, lambda done: progress(done, total)))
            file.flush()
            os.fsync(file.fileno())
        manifest = _checked(replace(draft, files=files, created=_created(clock)))
        part.replace(out / "full.tar.zst")
        fsync_folder(out)
        write_bytes(out / "manifest.json", manifest.to_bytes())
    except OSError as error:
        raise OperatorError(
            f"Packing {folder} into {out} broke off: {error.strerror or error}."
        ) from error
    return Packed(manifest, (out / "full.tar.zst").stat().st_size)


def _paths(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file by its path in the slot, in order."""
    if not folder.is_dir():
        raise OperatorError(f"{folder} is not a folder. Name the folder that PyInstaller made.")
    base = folder.resolve()
    found = sorted((path.relative_to(folder).as_posix(), path) for path in _walk(folder))
    for name, path in found:
        real = path.resolve()
        if not real.is_relative_to(base):
            raise OperatorError(f"{path} links out of the folder. Put the file itself there.")
        if not real.is_file():
            raise OperatorError(f"{path} is not a plain file. Remove it.")
        yield name, real
    if not found:
        raise OperatorError(f"{folder} is empty. Name the folder that PyInstaller made.")


def _walk(folder: Path) -> Iterator[Path]:
    for base, folders, names in os.walk(folder):
        for name in folders:
            if (Path(base) / name).is_symlink():  # os.walk would leave it out without a word
                raise OperatorError(f"{Path(base) / name} is a link to a folder. Copy it there.")
        yield from (Path(base) / name for name in names)


def _write(
    out: IO[bytes], paths: list[tuple[str, Path]], level: int, told: Callable[[int], None]
) -> Iterator[File]:
    done = 0
    compressor = zstandard.ZstdCompressor(level=level)
    with (
        compressor.stream_writer(out, closefd=False) as frame,
        tarfile.open(fileobj=frame, mode="w|", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, path in paths:
            with path.open("rb") as file:
                info = tarfile.TarInfo(name)
                status = os.fstat(file.fileno())
                info.size = status.st_size
                info.mode = 0o755 if status.st_mode & stat.S_IXUSR else 0o644
                source = _Hashing(file, told, done)
                tar.addfile(info, source)
            yield File(name, info.mode, info.size, source.digest.hexdigest())
            done += info.size


class _Hashing:
    """Hashes and counts what is read through it."""

    def __init__(self, file: IO[bytes], told: Callable[[int], None], done: int) -> None:
        self._file = file
        self._told = told
        self._done = done
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        data = self._file.read(size)
        self.digest.update(data)
        self._done += len(data)
        self._told(self._done)
        return data


def _checked(manifest: Manifest) -> Manifest:
    """The manifest as readers will see it, by their own rules."""
    try:
        return read_manifest(json.loads(manifest.to_bytes()))
    except RefusedError as error:
        raise OperatorError(f"{error} Correct the arguments of the pack.") from error


def _created(clock: Clock) -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    return stamp(datetime.fromtimestamp(int(epoch), UTC) if epoch.isdigit() else clock.now())
