"""Files whose bytes nobody reads without their key: AES-256-GCM, piece by piece.

Each file has a key of its own, which a vault seals; so another key of the vault means another
sealed text in the database, and no file is written again. The bytes are sealed in pieces, numbered
in their nonce, the last one marked (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár): pieces that are swapped, missing or of another file do not open, and a part of a file is
read without the rest.
"""

from __future__ import annotations

import hashlib
import io
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.atomic import fsync_folder
from common.errors import RefusedError

PIECE = 64 * 1024  # bytes
_KEY_BYTES = 32
_TAG = 16


class ChangedError(OSError):
    """It is not what was sealed."""


def new_key() -> bytes:
    """For one file."""
    return secrets.token_bytes(_KEY_BYTES)


def seal_file(
    source: IO[bytes], path: Path, key: bytes, most: int | None = None
) -> tuple[int, str]:
    """Keep what ``source`` has at ``path``, durably: temp file, fsync, rename, fsync of the folder.

    A source of more than ``most`` bytes is read no further, and nothing is kept.

    Returns:
        The size and sha256 (hex) of the plain bytes that were read.
    """
    digest, size = hashlib.sha256(), 0

    def pieces() -> Iterator[bytes]:
        nonlocal size
        while (most is None or size <= most) and (piece := source.read(PIECE)):
            size += len(piece)
            digest.update(piece)
            yield piece

    part = path.with_name(path.name + ".part")
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fsync_folder(path.parent.parent)
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            for piece in sealed(pieces(), key, path.name):
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        if most is None or size <= most:
            part.replace(path)
            fsync_folder(path.parent)
    finally:
        part.unlink(missing_ok=True)
    return size, digest.hexdigest()


def read_sealed(path: Path, key: bytes, size: int, first: int, last: int) -> Iterator[bytes]:
    """The plain bytes ``first`` to ``last`` (counted from 0, both included) of ``size``.

    Raises:
        RefusedError: it was changed.
        FileNotFoundError: it is gone.
    """
    with SealedFile(path, key, path.name, size) as file:
        file.seek(first)
        while file.tell() <= last:
            try:
                piece = file.read(min(PIECE, last + 1 - file.tell()))
            except ChangedError as error:
                raise RefusedError(
                    "sealed", f"The file {path.name} was changed. Restore it from a backup."
                ) from error
            if not piece:
                return
            yield piece


def sealed(source: Iterator[bytes], key: bytes, name: str) -> Iterator[bytes]:
    """The pieces of ``source`` as they lie on the disk.

    Args:
        source: bytes in any portions.
        key: 32 bytes, of this file alone.
        name: of the file; bound to each piece.
    """
    aes, held, number = AESGCM(key), b"", 0
    for some in source:
        held += some
        while len(held) > PIECE:  # what is left may be the last one
            yield aes.encrypt(_nonce(number, last=False), held[:PIECE], name.encode())
            held, number = held[PIECE:], number + 1
    yield aes.encrypt(_nonce(number, last=True), held, name.encode())


class SealedFile(io.RawIOBase):
    """Reads what `sealed` wrote, from any place.

    Args:
        path: of the file.
        key: as it was sealed.
        name: the same.
        size: in bytes, before it was sealed.

    Raises:
        FileNotFoundError: it is not there. ChangedError, while reading: it was changed on the disk.
    """

    def __init__(self, path: Path, key: bytes, name: str, size: int) -> None:
        self._file: IO[bytes] = path.open("rb")
        self._aes, self._name, self._size = AESGCM(key), name, size
        self._at = 0
        self._number, self._piece = -1, b""

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """The place."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place."""
        begin = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, begin + offset)
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """As much as one piece has."""
        if self._at >= self._size:
            return 0
        number, offset = divmod(self._at, PIECE)
        if number != self._number:
            self._piece, self._number = self._open(number), number
        some = self._piece[offset : offset + len(buffer)]
        buffer[: len(some)] = some
        self._at += len(some)
        return len(some)

    def close(self) -> None:
        """Let go of it."""
        self._file.close()
        super().close()

    def _open(self, number: int) -> bytes:
        self._file.seek(number * (PIECE + _TAG))
        last = number == (self._size - 1) // PIECE
        try:
            return self._aes.decrypt(
                _nonce(number, last=last), self._file.read(PIECE + _TAG), self._name.encode()
            )
        except (InvalidTag, ValueError) as error:
            raise ChangedError(f"The file {self._name} was changed on the disk.") from error


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
