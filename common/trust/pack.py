"""The full pack: a tar of plain files in one zstd frame, opened against its manifest.

The manifest was verified; the pack is still read as if it came from a stranger: only files that
the manifest names, each once, with the size, mode and hash it gives, and not a byte more than
these and the tar's own frame can take.
"""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, Protocol

import zstandard

from common.errors import RefusedError
from common.trust.refusals import refusal
from common.trust.source import CHUNK
from common.wire.release import File, Manifest

# A window of 2^27 bytes is the most that packs are made with.
_MOST_WINDOW = 128 * 2**20
# A tar member costs a header, padding and, for a long name, a second header: 4 KiB is ample.
_PER_FILE = 4096
_FRAME = 64 * 1024


class Readable(Protocol):
    """What ``take`` gets: enough for `shutil.copyfileobj`."""

    def read(self, size: int = -1, /) -> bytes:
        """As a file's."""
        ...


Take = Callable[[File, Readable], None]


def read_pack(pack: Path, manifest: Manifest, take: Take | None = None) -> None:
    """Read every file of ``pack``; each is checked while ``take`` reads it.

    Args:
        pack: the ``full.tar.zst``.
        manifest: what it must hold.
        take: called with (the manifest's entry, its bytes as a stream that ends at its size).
            What it does not read is still checked. A file's hash is known only after its last
            byte: what ``take`` wrote counts when `read_pack` has returned.

    Raises:
        RefusedError: ``pack``.
        OSError: ``pack`` cannot be read, or ``take`` could not write.
    """
    waiting = {file.path: file for file in manifest.files}
    most = manifest.size + len(waiting) * _PER_FILE + _FRAME
    try:
        with (
            pack.open("rb") as raw,
            zstandard.ZstdDecompressor(max_window_size=_MOST_WINDOW).stream_reader(raw) as plain,
            _open_tar(_Bounded(plain, most)) as tar,
        ):
            for member in tar:
                _read_member(tar, member, waiting, take)
    except (tarfile.TarError, zstandard.ZstdError, EOFError) as error:
        raise refusal("pack", f"The pack cannot be opened ({error}).") from error
    if waiting:
        raise refusal("pack", f"The pack lacks {next(iter(waiting))!r}, which its manifest names.")


def _open_tar(stream: Any) -> tarfile.TarFile:
    # Any: of a file's methods, a streamed tar only calls `read`.
    return tarfile.open(fileobj=stream, mode="r|")


def _read_member(
    tar: tarfile.TarFile, member: tarfile.TarInfo, waiting: dict[str, File], take: Take | None
) -> None:
    file = waiting.pop(member.name, None)
    stream = tar.extractfile(member) if member.isreg() else None
    if file is None or stream is None:
        raise refusal("pack", f"The pack holds {member.name!r}, which its manifest does not name.")
    if member.size != file.size or member.mode & 0o777 != file.mode:
        raise refusal("pack", f"The pack's {file.path!r} is not as its manifest says.")
    checked = _Hashing(stream)
    if take:
        take(file, checked)
    while checked.read(CHUNK):
        pass
    if checked.digest.hexdigest() != file.sha256:
        raise refusal("pack", f"The pack's {file.path!r} has other bytes than its manifest says.")


class _Hashing:
    """Hashes what is read through it."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        data = self._stream.read(size)
        self.digest.update(data)
        return data


class _Bounded:
    """Stops a frame that expands without end."""

    def __init__(self, stream: zstandard.ZstdDecompressionReader, most: int) -> None:
        self._stream = stream
        self._left = most

    def read(self, size: int) -> bytes:
        """As a file's."""
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _too_big()
        return data


def _too_big() -> RefusedError:
    return refusal("pack", "The pack expands to more than its manifest names.")
