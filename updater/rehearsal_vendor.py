"""A throwaway vendor in a folder: a signed repository whose releases are a program that sleeps.

Only the rehearsal trusts its keys, which live in memory and nowhere else.
"""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import zstandard
from securesystemslib.signer import CryptoSigner
from tuf.api.metadata import (
    DelegatedRole,
    Delegations,
    Metadata,
    MetaFile,
    Root,
    Snapshot,
    TargetFile,
    Targets,
    Timestamp,
)

from common.wire import release
from updater.platform import here

_LASTS = timedelta(days=1)


class RehearsalVendor:
    """Publishes releases of one product.

    Args:
        folder: gets ``metadata`` and ``targets``.
        product: its name.
        now: what expires is counted from here.
    """

    def __init__(self, folder: Path, product: str, now: datetime) -> None:
        self._folder = folder
        self._product = product
        self._signer = CryptoSigner.generate_ed25519()
        expires = now + _LASTS
        key = self._signer.public_key
        root = Root(expires=expires, consistent_snapshot=True)
        for role in ("root", "targets", "snapshot", "timestamp"):
            root.add_key(key, role)
        paths = release.delegated_paths(product)
        delegated = DelegatedRole(product, [key.keyid], 1, terminating=True, paths=paths)
        self._top = Targets(expires=expires)
        self._top.delegations = Delegations({key.keyid: key}, {product: delegated})
        self._mine = Targets(expires=expires)
        self._snapshot = Snapshot(expires=expires)
        self._timestamp = Timestamp(expires=expires)
        self.root = self._lay("root", root)

    def publish(self, version: str) -> None:
        """A release of the sleeping program, in the channel ``stable``."""
        name, content = here.DUMMY
        platform = release.this_platform()
        digest = hashlib.sha256(content).hexdigest()
        manifest = release.Manifest(
            product=self._product,
            version=version,
            platform=platform,
            start=(name,),
            files=(release.File(name, 0o755, len(content), digest),),
            health=release.Health("", within=30, steady=0.2),
        )
        pointer = {
            "format": release.FORMAT,
            "product": self._product,
            "channel": "stable",
            "releases": {platform: version},
        }
        where = (self._product, version, platform)
        self._add(release.manifest_target(*where), manifest.to_bytes())
        self._add(release.pack_target(*where), _pack(name, content))
        self._add(release.channel_target(self._product, "stable"), json.dumps(pointer).encode())
        self._sign()

    def _sign(self) -> None:
        self._mine.version += 1
        self._snapshot.version += 1
        self._timestamp.version += 1
        for role, signed in (("targets", self._top), (self._product, self._mine)):
            self._snapshot.meta[f"{role}.json"] = _meta(signed.version, self._lay(role, signed))
        snapshot = self._lay("snapshot", self._snapshot)
        self._timestamp.snapshot_meta = _meta(self._snapshot.version, snapshot)
        self._lay("timestamp", self._timestamp)

    def _add(self, target: str, data: bytes) -> None:
        self._mine.targets[target] = TargetFile.from_data(target, data, ["sha256"])
        folder, _, name = target.rpartition("/")
        self._write(f"targets/{folder}/{hashlib.sha256(data).hexdigest()}.{name}", data)

    def _lay(self, role: str, signed: Any) -> bytes:
        metadata = Metadata(signed)
        metadata.sign(self._signer)
        data = metadata.to_bytes()
        self._write(
            f"metadata/{'' if role == 'timestamp' else f'{signed.version}.'}{role}.json", data
        )
        return data

    def _write(self, path: str, data: bytes) -> None:
        file = self._folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def _meta(version: int, data: bytes) -> MetaFile:
    return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})


def _pack(name: str, content: bytes) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        info = tarfile.TarInfo(name)
        info.size, info.mode = len(content), 0o755
        tar.addfile(info, io.BytesIO(content))
    return zstandard.compress(plain.getvalue())
