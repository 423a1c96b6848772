"""Bytes from a source into memory or a file: bounded, hashed, resumed, durable."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tuf.api.exceptions import DownloadError

from common.atomic import fsync_folder
from common.errors import NetworkError, OperatorError
from common.trust import refusals
from common.trust.source import CHUNK, Source

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Wanted:
    """A target as the signed lists name it.

    Attributes:
        target: its name.
        length: bytes.
        sha256: hex.
    """

    target: str
    length: int
    sha256: str

    @property
    def path(self) -> str:
        """Where it lies below a source's base: ``targets/DIR/SHA256.NAME``."""
        folder, slash, name = self.target.rpartition("/")
        return f"targets/{folder}{slash}{self.sha256}.{name}"


def to_memory(source: Source, wanted: Wanted) -> bytes:
    """The verified bytes. Raises RefusedError or NetworkError."""
    data = b"".join(_chunks(source, wanted, 0))
    _whole(source, wanted, len(data))
    if hashlib.sha256(data).hexdigest() != wanted.sha256:
        raise refusals.tampered_target(wanted.target)
    return data


def to_file(source: Source, wanted: Wanted, destination: Path, progress: Progress) -> None:
    """Make ``destination``; see `Repository.download`."""
    # The part's name holds the hash: what is left of another release is never continued.
    part = destination.with_name(f".{destination.name}.{wanted.sha256[:16]}.part")
    try:
        if _is_there(destination, wanted):
            progress(wanted.length, wanted.length)
            return
        destination.parent.mkdir(parents=True, exist_ok=True)
        resumed = part.exists()
        if not _fill(source, wanted, part, progress):
            part.unlink()
            # The rotten bytes may be those of an earlier try; a fresh one decides.
            if not resumed or not _fill(source, wanted, part, progress):
                part.unlink(missing_ok=True)
                raise refusals.tampered_target(wanted.target)
        part.replace(destination)
        fsync_folder(destination.parent)
    except OSError as error:
        raise OperatorError(
            f"{destination} cannot be written ({error.strerror or error}). "
            "Free disk space, or correct the folder's owner."
        ) from error


def _fill(source: Source, wanted: Wanted, part: Path, progress: Progress) -> bool:
    """Bring ``part`` to its full length; answer whether it has the right hash."""
    with part.open("a+b") as file:
        file.seek(0)
        digest = hashlib.sha256()
        done = _hash(file, digest)
        if done > wanted.length:
            return False
        if done < wanted.length:
            progress(done, wanted.length)
            for chunk in _chunks(source, wanted, done):
                file.write(chunk)
                digest.update(chunk)
                done += len(chunk)
                progress(done, wanted.length)
            _whole(source, wanted, done)
        _make_durable(file)
    return digest.hexdigest() == wanted.sha256


def _chunks(source: Source, wanted: Wanted, offset: int) -> Iterator[bytes]:
    """The rest of the target from ``offset``; one byte more than it may have is refused."""
    done = offset
    try:
        with contextlib.closing(_closable(source.open(wanted.path, offset))) as chunks:
            for chunk in chunks:
                done += len(chunk)
                if done > wanted.length:
                    raise refusals.refusal(
                        "oversized",
                        f"{source.name} sent more for {wanted.target} than the vendor signed "
                        f"({wanted.length} bytes); the rest was not read.",
                    )
                yield chunk
    except DownloadError as error:
        raise refusals.from_download(error, wanted.path, source.name) from error


def _closable(chunks: Iterator[bytes]) -> Any:
    """A generator, so that the source's file or connection is closed when we stop early."""
    return chunks if hasattr(chunks, "close") else (chunk for chunk in chunks)


def _whole(source: Source, wanted: Wanted, done: int) -> None:
    if done < wanted.length:
        raise NetworkError(
            f"{wanted.path} from {source.name} ended after {done} of {wanted.length} bytes: the "
            "copy is not complete. It will be tried again from there."
        )


def _is_there(destination: Path, wanted: Wanted) -> bool:
    try:
        with destination.open("rb") as file:
            digest = hashlib.sha256()
            return _hash(file, digest) == wanted.length and digest.hexdigest() == wanted.sha256
    except FileNotFoundError:
        return False


def _hash(file: IO[bytes], digest: Any) -> int:
    done = 0
    while chunk := file.read(CHUNK):
        digest.update(chunk)
        done += len(chunk)
    return done


def _make_durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
