"""A file at rest under a key of its own, read in any part: AES-256-GCM, piece by piece.

Each piece of 64 KiB is sealed alone, bound to its number and to whether it is the last one, so that
pieces that were changed, exchanged, or cut off at the end do not open. The key seals one file and
no other, so the number of the piece can be the nonce.
"""

from __future__ import annotations

import hashlib
import os
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from common.atomic import fsync_folder
from common.errors import RefusedError

KEY_BYTES = 32
_PIECE = 64 * 1024
_TAG = 16


def new_key() -> bytes:
    """For one file."""
    return secrets.token_bytes(KEY_BYTES)


def seal_file(source: IO[bytes], path: Path, key: bytes) -> tuple[int, str]:
    """Keep what ``source`` has at ``path``, durably: temp file, fsync, rename, fsync of the folder.

    Its size and sha256 (hex), of the plain bytes.
    """
    cipher, digest, size, number = AESGCM(key), hashlib.sha256(), 0, 0
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(path.name + ".part")
    try:
        with part.open("wb") as file:
            os.fchmod(file.fileno(), 0o600)
            piece = source.read(_PIECE)
            while True:
                following = source.read(_PIECE)
                digest.update(piece)
                size += len(piece)
                file.write(cipher.encrypt(_nonce(number), piece, _bound(number, not following)))
                if not following:
                    break
                piece, number = following, number + 1
            file.flush()
            os.fsync(file.fileno())
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
    cipher = AESGCM(key)
    final = max(0, size - 1) // _PIECE
    with path.open("rb") as file:
        file.seek((first // _PIECE) * (_PIECE + _TAG))
        for number in range(first // _PIECE, last // _PIECE + 1):
            try:
                sealed = file.read(_PIECE + _TAG)
                piece = cipher.decrypt(_nonce(number), sealed, _bound(number, number == final))
            except (InvalidTag, ValueError) as error:
                raise RefusedError(
                    "sealed", f"The file {path.name} was changed. Restore it from a backup."
                ) from error
            begin = number * _PIECE
            yield piece[max(0, first - begin) : last - begin + 1]


def _nonce(number: int) -> bytes:
    return number.to_bytes(12, "big")


def _bound(number: int, last: bool) -> bytes:
    return f"piece {number} {'last' if last else 'more'}".encode()
