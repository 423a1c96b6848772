"""Bytes from a source into memory or a file: bounded, hashed, resumed, durable."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
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
        hashes: hex by algorithm; all of them must hold. The first one names the file.
        prefixed: whether the file's name begins with its hash, as in every repository whose
            states can be read while the next one is laid out.
    """

    target: str
    length: int
    hashes: Mapping[str, str]
    prefixed: bool = True

    @property
    def named(self) -> str:
        """The hash that names the file."""
        return next(iter(self.hashes.values()))

    @property
    def path(self) -> str:
        """Where it lies below a source's base: ``targets/DIR/HASH.NAME``."""
        folder, slash, name = self.target.rpartition("/")
        prefix = f"{self.named}." if self.prefixed else ""
        return f"targets/{folder}{slash}{prefix}{name}"


class _Digests:
    """Hashes with every algorithm that the lists name."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted.hashes
        self._made = {name: hashlib.new(name) for name in wanted.hashes}

    def update(self, data: bytes) -> None:
        for one in self._made.values():
            one.update(data)

    @property
    def hold(self) -> bool:
        """Whether what was hashed is what the lists say."""
        return all(one.hexdigest() == self._wanted[name] for name, one in self._made.items())


def to_memory(source: Source, wanted: Wanted) -> bytes:
    """The verified bytes. Raises RefusedError or NetworkError."""
    data = b"".join(_chunks(source, wanted, 0))
    _whole(source, wanted, len(data))
    digests = _Digests(wanted)
    digests.update(data)
    if not digests.hold:
        raise refusals.tampered_target(wanted.target)
    return data


def to_file(source: Source, wanted: Wanted, destination: Path, progress: Progress) -> None:
    """Make ``destination``; see `Repository.download`."""
    # The part's name holds the hash: what is left of another release is never continued.
    part = destination.with_name(f".{destination.name}.{wanted.named[:16]}.part")
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
        digests = _Digests(wanted)
        done = _hash(file, digests)
        if done > wanted.length:
            return False
        if done < wanted.length:
            progress(done, wanted.length)
            for chunk in _chunks(source, wanted, done):
                file.write(chunk)
                digests.update(chunk)
                done += len(chunk)
                progress(done, wanted.length)
            _whole(source, wanted, done)
        _make_durable(file)
    return digests.hold


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
            digests = _Digests(wanted)
            return _hash(file, digests) == wanted.length and digests.hold
    except FileNotFoundError:
        return False


def _hash(file: IO[bytes], digests: _Digests) -> int:
    done = 0
    while chunk := file.read(CHUNK):
        digests.update(chunk)
        done += len(chunk)
    return done


def _make_durable(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
