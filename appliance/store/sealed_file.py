"""Files whose bytes nobody reads without the vault's keys: AES-256-GCM, piece by piece.

Each file has a key of its own, which the vault seals; so another key of the vault means another
sealed text in the database, and no file is written again. The bytes are sealed in pieces, numbered
in their nonce, the last one marked (the STREAM construction of Hoang, Reyhanitabar, Rogaway and
Vizár): pieces that are swapped, missing or of another file do not open, and a part of a file is
read without the rest.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

PIECE = 64 * 1024  # bytes
_TAG = 16


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
        FileNotFoundError: it is not there. OSError, while reading: it was changed on the disk.
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
        except InvalidTag as error:
            raise OSError(f"The file {self._name} was changed on the disk.") from error


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
