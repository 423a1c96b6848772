"""Two releases of a program with a pack each, and the delta between them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
from dataclasses import dataclass
from pathlib import Path

import zstandard

from common.trust.delta import MAGIC
from common.wire.release import File, Manifest, delta_target
from home.deltas import Base, make_deltas
from tests.support.repository_simulator import (
    PLATFORM,
    RepositorySimulator,
    manifest_of,
    pack_of,
)


def noise(seed: int, size: int) -> bytes:
    """Bytes that do not compress, the same each time."""
    return random.Random(seed).randbytes(size)


OLD = {
    "run": b"#!/bin/sh\necho one\n",
    "lib/one.py": b"def one():\n    return 1\n" * 40,
    "lib/two.py": b"def two():\n    return 2\n" * 40,
    "lib/same.bin": noise(1, 30_000),
    "lib/big-1.0.so": noise(2, 1_100_000),
    "gone.txt": b"gone",
}
NEW = {
    "run": b"#!/bin/sh\necho one\n",
    "lib/one.py": OLD["lib/one.py"].replace(b"1", b"11", 1),
    "lib/two.py": OLD["lib/two.py"] + b"\n# more\n",
    "lib/same.bin": OLD["lib/same.bin"],
    "lib/moved.bin": OLD["lib/same.bin"],
    "lib/big-1.1.so": noise(2, 600_000) + b"a new function" + noise(2, 1_100_000)[600_000:],
    "empty": b"",
    "fresh.txt": b"fresh",
}


@dataclass
class Pair:
    """A base, a release after it, and the delta's bytes."""

    old: dict[str, bytes]
    new: dict[str, bytes]
    base: Manifest
    target: Manifest
    delta: bytes


def make_pair(
    folder: Path,
    old: dict[str, bytes] = OLD,
    new: dict[str, bytes] = NEW,
    *,
    product: str = "phone",
    versions: tuple[str, str] = ("1.0.0", "1.0.1"),
) -> Pair:
    """What `home.deltas` makes of the two."""
    base, target = (manifest_of(product, v, f) for v, f in zip(versions, (old, new), strict=True))
    tree, out = folder / "tree", folder / "out"
    lay_out(new, tree)
    out.mkdir(parents=True, exist_ok=True)
    pack = folder / "base.tar.zst"
    pack.write_bytes(pack_of(old))
    (made,) = make_deltas(tree, target, [Base(base, pack)], out, most=2**40, level=12)
    return Pair(old, new, base, target, made.path.read_bytes())


def lay_out(files: dict[str, bytes], folder: Path) -> None:
    """Write ``files`` below ``folder``."""
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)


def forged(
    base: Manifest,
    target: Manifest | bytes,
    parts: list[tuple[list[int], list[int], bytes]],
    plan: object = None,
) -> bytes:
    """A delta of an attacker's making: ``parts`` are (news, olds, frame)."""
    described = target if isinstance(target, bytes) else target.to_bytes()
    entries = [[news, olds, len(frame)] for news, olds, frame in parts]
    content = json.dumps(plan or {"parts": entries}).encode() + b"\n" + described
    raw = zstandard.ZstdCompressionDict(base.to_bytes(), dict_type=zstandard.DICT_TYPE_RAWCONTENT)
    head = zstandard.ZstdCompressor(dict_data=raw).compress(content)
    prefix = MAGIC + bytes.fromhex(base.digest)[:8] + len(head).to_bytes(4, "big")
    return prefix + head + b"".join(frame for _news, _olds, frame in parts)


def with_file(manifest: Manifest, path: str, content: bytes, size: int | None = None) -> Manifest:
    """The manifest with one file more; its path need not be a fit one."""
    more = File(path, 0o755, len(content) if size is None else size, _hash(content))
    return dataclasses.replace(manifest, files=(*manifest.files, more))


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@dataclass
class Shipped:
    """What was shipped: the delta's name, and where it is published."""

    pair: Pair
    target: str
    path: str


def ship_with_delta(
    vendor: RepositorySimulator,
    folder: Path,
    product: str,
    versions: tuple[str, str] = ("1.0.0", "1.1.0"),
    old: dict[str, bytes] = OLD,
    new: dict[str, bytes] = NEW,
) -> Shipped:
    """Release the second version, with its pack and a delta from the first, which is there."""
    pair = make_pair(folder, old, new, product=product, versions=versions)
    vendor.add_release(product, versions[1], new)
    target = delta_target(product, versions[1], PLATFORM, pair.base.digest)
    path = vendor.add_target(target, pair.delta)
    vendor.point(product, "stable", versions[1])
    vendor.bump(product)
    return Shipped(pair, target, path)
