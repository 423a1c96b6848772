"""Deltas from releases before straight to a new one: ``from-BASE.delta`` beside the full pack.

What the base has by its hash costs nothing. Every other file is made from the old one of its path,
or of a like name. Small files go together into one frame, where they share what they have in
common; each large one has a frame of its own. Of several encodings the smallest is taken: zstd
with the old bytes as its dictionary, the same without them, at more than one level, because a
higher level is not always smaller. The same trees give the same delta, byte for byte.
"""

from __future__ import annotations

import functools
import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import zstandard

from common.atomic import fsync_folder
from common.errors import OperatorError, RefusedError
from common.trust.delta import MAGIC, MOST_HELD, held, window_log
from common.trust.pack import Readable, read_pack
from common.wire.release import File, Manifest

Told = Callable[[str, int, int], None]

# A new file and its old one together; up to here they go into the frame of the small ones.
_SMALL = 2**20
_MOST_SOLID = 16 * 2**20
# Up to here the slow levels cost less than a second each.
_MOST_THOROUGH = 2**20
_THOROUGH = (12, 19, 22)
_HEAD_LEVEL = 19


@dataclass(frozen=True)
class Base:
    """A release to start from: its manifest and its ``full.tar.zst``."""

    manifest: Manifest
    pack: Path


@dataclass(frozen=True)
class Delta:
    """What was made: from which version, the file, its bytes."""

    base: Manifest
    path: Path
    size: int


@dataclass(frozen=True)
class _Group:
    """The places of files that go into one frame, and of those that it is made from."""

    news: tuple[int, ...]
    olds: tuple[int, ...]


def make_deltas(
    tree: Path,
    manifest: Manifest,
    bases: Sequence[Base],
    out: Path,
    *,
    most: int,
    level: int,
    told: Told = lambda _title, _done, _total: None,
) -> list[Delta]:
    """Make a delta from each of ``bases`` in ``out``; one that is not below ``most`` is left out.

    Args:
        tree: the folder that was packed.
        manifest: of the pack.
        bases: newest first, so that an older one's files need not be unpacked again.
        out: the pack's folder.
        most: bytes of the full pack.
        level: of zstd, for files above a megabyte.
        told: called with (what is made, parts done, parts in all).

    Raises:
        OperatorError: the tree changed since it was packed, a base's pack is damaged, or ``out``
            cannot be written.
    """
    made = []
    try:
        with tempfile.TemporaryDirectory(prefix=".deltas-", dir=out) as place:
            shop = _Workshop(tree, manifest, Path(place), level)
            for base in bases:
                title = f"delta from {base.manifest.version}"
                content = shop.delta(base, functools.partial(told, title))
                if len(content) < most:
                    path = out / f"from-{base.manifest.digest[:16]}.delta"
                    _write(path, content)
                    made.append(Delta(base.manifest, path, len(content)))
        fsync_folder(out)
    except OSError as error:
        raise OperatorError(
            f"Making deltas in {out} broke off: {error.strerror or error}."
        ) from error
    return made


class _Workshop:
    """Makes deltas to one release; keeps what several of them have in common.

    Args:
        tree: the new release's files.
        manifest: of it.
        place: a folder for unpacked old files and finished frames.
        level: of zstd, for large files.
    """

    def __init__(self, tree: Path, manifest: Manifest, place: Path, level: int) -> None:
        self._tree = tree
        self._manifest = manifest
        self._place = place
        self._level = level

    def delta(self, base: Base, tell: Callable[[int, int], None]) -> bytes:
        """The delta from ``base``."""
        groups = _groups(base.manifest, self._manifest)
        self._unpack(base, {base.manifest.files[o].sha256 for g in groups for o in g.olds})
        parts: list[tuple[_Group, bytes]] = []
        for number, group in enumerate(groups):
            tell(number, len(groups))
            parts += self._smallest(group, base.manifest)
        tell(len(groups), len(groups))
        plan = {"parts": [[group.news, group.olds, len(frame)] for group, frame in parts]}
        content = json.dumps(plan, separators=(",", ":")).encode() + b"\n"
        head = _compress(content + self._manifest.to_bytes(), base.manifest.to_bytes(), _HEAD_LEVEL)
        prefix = MAGIC + bytes.fromhex(base.manifest.digest)[:8] + len(head).to_bytes(4, "big")
        return b"".join((prefix, head, *(frame for _group, frame in parts)))

    def _smallest(self, group: _Group, base: Manifest) -> list[tuple[_Group, bytes]]:
        """One frame for all of the group's files, or one for each, whichever is less."""
        together = [(group, self._frame(group, base))]
        if not 1 < len(group.news) == len(group.olds) <= 16:
            return together
        single = [_Group((n,), (o,)) for n, o in zip(group.news, group.olds, strict=True)]
        apart = [(one, self._frame(one, base)) for one in single]
        # What a further frame costs in the head is about ten bytes.
        cost = sum(len(frame) + 10 for _group, frame in apart)
        return apart if cost < len(together[0][1]) else together

    def _frame(self, group: _Group, base: Manifest) -> bytes:
        news = [self._manifest.files[place] for place in group.news]
        olds = [base.files[place] for place in group.olds]
        name = hashlib.sha256("".join(f.sha256 for f in (*news, *olds)).encode()).hexdigest()
        done = self._place / f"{len(news)}-{name}.frame"
        if not done.exists():
            dictionary = b"".join((self._place / old.sha256).read_bytes() for old in olds)
            content = b"".join(self._read(new) for new in news)
            thorough = len(dictionary) + len(content) <= _MOST_THOROUGH
            levels = _THOROUGH if thorough else (self._level,)
            frames = [_compress(content, dictionary, level) for level in levels]
            if thorough:
                frames.append(_compress(content, b"", _HEAD_LEVEL))
            done.write_bytes(min(frames, key=len))
        return done.read_bytes()

    def _read(self, new: File) -> bytes:
        data = (self._tree / new.path).read_bytes()
        if hashlib.sha256(data).hexdigest() != new.sha256:
            raise OperatorError(f"{self._tree / new.path} changed while it was packed. Pack again.")
        return data

    def _unpack(self, base: Base, hashes: set[str]) -> None:
        """Bring the base's files with these hashes here."""
        missing = {sha256 for sha256 in hashes if not (self._place / sha256).exists()}
        if not missing:
            return

        def take(file: File, content: Readable) -> None:
            if file.sha256 in missing:
                (self._place / file.sha256).write_bytes(content.read())

        try:
            read_pack(base.pack, base.manifest, take)
        except RefusedError as error:
            raise OperatorError(
                f"{base.pack}, which a delta starts from, is not usable. {error} Restore it from "
                "the home's backup, or pack without deltas (home.pack.deltas)."
            ) from error


def _groups(base: Manifest, target: Manifest) -> list[_Group]:
    """The files that the base does not have: the small ones together, each large one alone."""
    have = {file.sha256 for file in base.files}
    find = _Likeness(base)
    groups: list[_Group] = []
    news: list[int] = []
    olds: list[int] = []
    size = 0
    for place, file in enumerate(target.files):
        if file.sha256 in have:
            continue
        old = find.like(file)
        both = file.size + (base.files[old].size if old is not None else 0)
        if both > _SMALL:
            fits = old is not None and held(file.size, base.files[old].size) <= MOST_HELD
            groups.append(_Group((place,), (old,) if old is not None and fits else ()))
            continue
        if size + both > _MOST_SOLID:
            groups.append(_Group(tuple(news), tuple(olds)))
            news, olds, size = [], [], 0
        news.append(place)
        olds += [old] if old is not None and old not in olds else []
        size += both
    if news:
        groups.append(_Group(tuple(news), tuple(olds)))
    return groups


class _Likeness:
    """Finds the old file that a new one was most likely made from."""

    def __init__(self, base: Manifest) -> None:
        self._by_path = {file.path: place for place, file in enumerate(base.files)}
        self._by_stem = {_stem(file.path): place for place, file in enumerate(base.files)}
        self._by_name = {
            _stem(PurePosixPath(file.path).name): place for place, file in enumerate(base.files)
        }

    def like(self, new: File) -> int | None:
        """Its place: the same path, then the same but for numbers, then a like name elsewhere."""
        for known, key in (
            (self._by_path, new.path),
            (self._by_stem, _stem(new.path)),
            (self._by_name, _stem(PurePosixPath(new.path).name)),
        ):
            if key in known:
                return known[key]
        return None


def _stem(path: str) -> str:
    """``lib-1.2.so.3`` and ``lib-1.10.so.3`` are the same library."""
    return re.sub(r"[0-9]+", "#", path)


def _compress(content: bytes, dictionary: bytes, level: int) -> bytes:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        level,
        source_size=len(content),
        dict_size=len(dictionary),
        window_log=min(window_log(len(content), len(dictionary)), 27),
        write_content_size=False,
        write_checksum=False,
        write_dict_id=False,
    )
    if not dictionary:
        return zstandard.ZstdCompressor(compression_params=parameters).compress(content)
    raw = zstandard.ZstdCompressionDict(dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    return zstandard.ZstdCompressor(dict_data=raw, compression_params=parameters).compress(content)


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
