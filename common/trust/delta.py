"""A delta: what one release needs beyond another one's slot, opened against both manifests.

=========== ===========================================================================
bytes       what
=========== ===========================================================================
4           ``CSD1``
8           the first bytes of the base's digest
4           length of the head, big-endian
the head    a zstd frame with the base's manifest as its dictionary: a line of JSON,
            ``{"parts": [[NEWS, OLDS, LENGTH], …]}``, and then the new manifest's bytes
each part   a zstd frame of LENGTH bytes, its dictionary the OLDS one after the other: the
            content of the NEWS one after the other
=========== ===========================================================================

NEWS and OLDS are places in the files of the new and of the base's manifest. A file whose hash the
base has is in no part: it is kept. So a delta names no path at all, and everything that it leads to
is a file of the signed manifest, with its size and its hash.

The delta was signed like a pack, and is read as if it came from a stranger all the same.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import zstandard

from common.trust.pack import Readable, Take
from common.trust.refusals import refusal
from common.trust.source import CHUNK
from common.wire.release import File, Manifest, read_manifest

MAGIC = b"CSD1"
PREFIX = len(MAGIC) + 8 + 4
# What may be held in memory for a part; see `held`.
MOST_HELD = 64 * 2**20
# A head: the plan, and a manifest of some ten thousand files.
MOST_HEAD = 8 * 2**20
_HEAD_WINDOW = 23

Keep = Callable[[File, File], None]


@dataclass(frozen=True)
class Part:
    """One frame: the files that it makes, those that it is made from, its compressed length."""

    news: tuple[int, ...]
    olds: tuple[int, ...]
    length: int


@dataclass(frozen=True)
class Head:
    """What stands before the parts.

    Attributes:
        manifest: of the release that the delta leads to.
        digest: sha256 of its bytes as they came.
        parts: in the order in which they follow.
        offset: where the first one begins.
    """

    manifest: Manifest
    digest: str
    parts: tuple[Part, ...]
    offset: int


def read_head(delta: Path, base: Manifest) -> Head:
    """The head of a delta from ``base``.

    The caller compares `Head.digest` with what the vendor signed.

    Raises:
        RefusedError: ``delta``: it starts from another release, is cut off or is damaged; or
            ``manifest``.
        OSError: it cannot be read.
    """
    with delta.open("rb") as file:
        prefix = file.read(PREFIX)
        if len(prefix) < PREFIX or not prefix.startswith(MAGIC):
            raise refusal("delta", "This is no delta.")
        if prefix[len(MAGIC) : -4] != bytes.fromhex(base.digest)[:8]:
            raise refusal("delta", f"The delta does not start from {base.product} {base.version}.")
        length = int.from_bytes(prefix[-4:], "big")
        if length > MOST_HEAD:
            raise refusal("delta", "The delta's head is larger than any may be.")
        frame = file.read(length)
    if len(frame) < length:
        raise refusal("delta", "The delta is cut off.")
    with _damaged():
        reader = decompressor(base.to_bytes(), 2**_HEAD_WINDOW).stream_reader(frame)
        content = _up_to(reader, MOST_HEAD)
    plan, _, described = content.partition(b"\n")
    try:
        manifest = read_manifest(json.loads(described))
        parts = tuple(_part(entry) for entry in json.loads(plan)["parts"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise refusal("delta", f"The delta's head cannot be read ({error!r}).") from error
    _check(parts, manifest, base)
    return Head(manifest, hashlib.sha256(described).hexdigest(), parts, PREFIX + length)


def read_delta(
    delta: Path,
    base: Manifest,
    target: Manifest,
    old: Callable[[File], bytes],
    take: Take | None = None,
    keep: Keep | None = None,
) -> None:
    """Make every file of ``target``; each is checked while ``take`` reads it.

    Args:
        delta: the file.
        base: the manifest of the release it starts from.
        target: the verified manifest of the release it leads to.
        old: gives the bytes of one of the base's files; they are checked here.
        take: called with (the new file, its bytes as a stream), as by `read_pack`.
        keep: called with (a file of the base, the new file with the same bytes).

    Raises:
        RefusedError: ``delta``.
        OSError: the delta or an old file cannot be read, or ``take`` could not write.
    """
    head = read_head(delta, base)
    if head.digest != target.digest:
        raise refusal("delta", f"The delta does not lead to {target.product} {target.version}.")
    kept = {file.sha256: file for file in base.files}
    for new in target.files:
        if keep and new.sha256 in kept:
            keep(kept[new.sha256], new)
    with delta.open("rb") as file:
        file.seek(head.offset)
        for part in head.parts:
            _read_part(file, part, base, target, old, take)
        if file.read(1):
            raise refusal("delta", "The delta holds more than its head names.")


def decompressor(dictionary: bytes, window: int) -> zstandard.ZstdDecompressor:
    """One that takes a frame made with ``dictionary`` (none when empty), of at most ``window``."""
    if not dictionary:
        return zstandard.ZstdDecompressor(max_window_size=window)
    raw = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdDecompressor(dict_data=raw, max_window_size=window)


def window_log(news: int, olds: int) -> int:
    """Of a part with so many bytes: it spans all of the news, so that the olds stay in reach.

    Where there are no olds, 8 MiB are enough.
    """
    return max(10, (news - 1).bit_length()) if olds else 23


def held(news: int, olds: int) -> int:
    """Bytes in memory while a part of this size is read: the olds, once more as zstd's, the window.

    Of the window only as much is touched as the news are long.
    """
    return 2 * olds + min(news, int(2 ** window_log(news, olds)))


def _read_part(
    file: IO[bytes],
    part: Part,
    base: Manifest,
    target: Manifest,
    old: Callable[[File], bytes],
    take: Take | None,
) -> None:
    news = [target.files[place] for place in part.news]
    size = sum(new.size for new in news)
    slice_ = _Slice(file, part.length)
    with _damaged():
        unpack = decompressor(
            b"".join(_sound(base.files[place], old) for place in part.olds),
            2 ** window_log(size, sum(base.files[place].size for place in part.olds)),
        )
        # Typed as a file; of one, it only calls `read`.
        reader = unpack.stream_reader(slice_)  # type: ignore[arg-type]
        for new in news:
            stream = _Sized(reader, new.size)
            if take:
                take(new, stream)
            while stream.read(CHUNK):
                pass
            if stream.left or stream.digest.hexdigest() != new.sha256:
                raise refusal("delta", f"What the delta makes of {new.path!r} is not what it says.")
        if reader.read(1) or slice_.left:
            raise refusal("delta", "A part of the delta holds more than its manifest names.")


def _sound(file: File, old: Callable[[File], bytes]) -> bytes:
    data = old(file)
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise refusal("delta", f"{file.path} of the release before is not as it was signed.")
    return data


def _check(parts: tuple[Part, ...], manifest: Manifest, base: Manifest) -> None:
    """Each file that the base does not have, exactly once, and never more than fits in memory."""
    have = {file.sha256 for file in base.files}
    wanted = [place for place, file in enumerate(manifest.files) if file.sha256 not in have]
    made = sorted(place for part in parts for place in part.news)
    if made != wanted:
        raise refusal("delta", "The delta does not make the files that its manifest names.")
    for part in parts:
        if any(place >= len(base.files) for place in part.olds):
            raise refusal("delta", "The delta starts from a file that its base does not have.")
        news = sum(manifest.files[place].size for place in part.news)
        olds = sum(base.files[place].size for place in part.olds)
        if held(news, olds) > MOST_HELD:
            raise refusal("delta", "A part of the delta would take more memory than any may.")


def _part(entry: Any) -> Part:
    news, olds, length = entry
    return Part(_places(news), _places(olds), *_places([length]))


def _places(numbers: Any) -> tuple[int, ...]:
    for number in numbers:
        if not isinstance(number, int) or isinstance(number, bool) or number < 0:
            raise ValueError(f"{number!r} is not a place")
    return tuple(numbers)


def _up_to(reader: Readable, most: int) -> bytes:
    """All that comes; RefusedError when it is more than ``most``."""
    content = bytearray()
    while chunk := reader.read(CHUNK):
        content += chunk
        if len(content) > most:
            raise refusal("delta", "The delta's head expands to more than any may have.")
    return bytes(content)


@contextlib.contextmanager
def _damaged() -> Iterator[None]:
    try:
        yield
    except (zstandard.ZstdError, EOFError) as error:
        raise refusal("delta", f"The delta is damaged ({error}).") from error


class _Slice:
    """The next bytes of a file, as a file that ends there."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file = file
        self.left = length

    def read(self, size: int = -1) -> bytes:
        """As a file's."""
        data = self._file.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        return data


class _Sized:
    """The next bytes of a frame, hashed, and not one more."""

    def __init__(self, reader: Readable, size: int) -> None:
        self._reader = reader
        self.left = size
        self.digest = hashlib.sha256()

    def read(self, size: int = -1, /) -> bytes:
        """As a file's."""
        data = self._reader.read(self.left if size < 0 else min(size, self.left))
        self.left -= len(data)
        self.digest.update(data)
        return data
