"""A vendor's repository in memory, which tests bend the way an attacker would.

It implements the source's own interface: what a test changes in `files` is what a reader gets.
`publish` signs the state as it is; versions grow only where a test or `bump` makes them.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import tarfile
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import zstandard
from securesystemslib.signer import CryptoSigner
from tuf.api.exceptions import DownloadHTTPError
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

from common.trust.source import Source
from common.wire import release
from tests.support.clock import START

PLATFORM = "linux-x86_64"
ONLINE = ("timestamp", "snapshot")


class RepositorySimulator(Source):
    """All four roles with a delegation for each product; root needs 2 of 3 keys."""

    def __init__(self, *products: str) -> None:
        self.files: dict[str, bytes] = {}
        self.past: dict[str, bytes] = {}  # as it was before the last `bump`
        self.asked: list[tuple[str, int]] = []
        self.expires = START + timedelta(days=30)
        self.signers: dict[str, list[CryptoSigner]] = {
            role: [CryptoSigner.generate_ed25519() for _ in range(3 if role == "root" else 1)]
            for role in ("root", "targets", *ONLINE, *products)
        }
        self.root = Root(expires=self.expires, consistent_snapshot=True)
        for role in ("root", "targets", *ONLINE):
            for signer in self.signers[role]:
                self.root.add_key(signer.public_key, role)
        self.root.roles["root"].threshold = 2
        self.targets = Targets(expires=self.expires)
        self.products = {name: Targets(expires=self.expires) for name in products}
        self.snapshot = Snapshot(expires=self.expires)
        self.timestamp = Timestamp(expires=self.expires)
        for name in products:
            self.delegate(name)
        self.sign_root()
        self.publish()

    @property
    def name(self) -> str:
        return "the simulator"

    def open(self, path: str, offset: int = 0) -> Iterator[bytes]:
        self.asked.append((path, offset))
        if path not in self.files:
            raise DownloadHTTPError(f"there is no {path}", 404)
        return self._chunks(self.files[path], offset)

    @staticmethod
    def _chunks(data: bytes, offset: int) -> Iterator[bytes]:
        yield from (data[at : at + 1000] for at in range(offset, len(data), 1000))

    @property
    def first_root(self) -> bytes:
        """What a kit carries."""
        return self.files["metadata/1.root.json"]

    def delegate(self, product: str) -> None:
        """Let the product's key sign its own names."""
        key = self.signers[product][0].public_key
        delegations = self.targets.delegations or Delegations({}, {})
        delegations.keys[key.keyid] = key
        assert delegations.roles is not None
        delegations.roles[product] = DelegatedRole(
            product, [key.keyid], 1, True, release.delegated_paths(product)
        )
        self.targets.delegations = delegations

    def add_target(self, target: str, data: bytes, by: str | None = None) -> str:
        """List ``data`` in the product's role (or in ``by``'s); answers its published path."""
        role = self.products[by or target.split("/", maxsplit=1)[0]]
        role.targets[target] = TargetFile.from_data(target, data, ["sha256"])
        folder, _, name = target.rpartition("/")
        path = f"targets/{folder}/{hashlib.sha256(data).hexdigest()}.{name}"
        self.files[path] = data
        return path

    def add_release(
        self, product: str, version: str, files: dict[str, bytes] | None = None
    ) -> release.Manifest:
        """A release that starts ``run``; nobody points to it yet."""
        files = files or {"run": f"{product} {version}".encode()}
        manifest = manifest_of(product, version, files)
        self.add_target(release.manifest_target(product, version, PLATFORM), manifest.to_bytes())
        self.add_target(release.pack_target(product, version, PLATFORM), pack_of(files))
        return manifest

    def point(self, product: str, channel: str, version: str, /, **fields: Any) -> str:
        """Set the channel's pointer."""
        document = {
            "format": 1, "product": product, "channel": channel, "releases": {PLATFORM: version},
        } | fields  # fmt: skip
        return self.add_target(
            release.channel_target(product, channel), json.dumps(document).encode(), by=product
        )

    def ship(self, product: str, version: str, channel: str = "stable", **fields: Any) -> None:
        """Add a release, point the channel to it, and publish all of it as the next state."""
        self.add_release(product, version)
        self.point(product, channel, version, **fields)
        self.bump(product)

    def bump(self, *products: str) -> None:
        """Publish the next version of the products' roles, snapshot and timestamp."""
        self.past = dict(self.files)
        for product in products:
            self.products[product].version += 1
        self.snapshot.version += 1
        self.timestamp.version += 1
        self.publish()

    def publish(self) -> None:
        """Sign and lay out everything but root, as it is."""
        for role, signed in (("targets", self.targets), *self.products.items()):
            self.lay(role, signed)
            self.snapshot.meta[f"{role}.json"] = self._meta(role, signed.version)
        self.lay("snapshot", self.snapshot)
        self.timestamp.snapshot_meta = self._meta("snapshot", self.snapshot.version)
        self.lay("timestamp", self.timestamp)

    def sign_root(self, signers: list[CryptoSigner] | None = None) -> None:
        """Lay out root, signed by the first two of its keys (or by ``signers``)."""
        self.lay("root", self.root, signers or self.signers["root"][:2])

    def lay(self, role: str, signed: Any, signers: list[CryptoSigner] | None = None) -> None:
        """Sign ``signed`` and put it where readers look for it."""
        metadata = Metadata(copy.deepcopy(signed))
        for signer in signers or self.signers[role]:
            metadata.sign(signer, append=True)
        prefix = "" if role == "timestamp" else f"{signed.version}."
        self.files[f"metadata/{prefix}{role}.json"] = metadata.to_bytes()

    def rotate(self, role: str) -> None:
        """Give ``role`` a new key by a new root."""
        old = self.root.roles[role].keyids[0]
        self.root.revoke_key(old, role)
        self.signers[role] = [CryptoSigner.generate_ed25519()]
        self.root.add_key(self.signers[role][0].public_key, role)
        self.root.version += 1
        self.sign_root()

    def _meta(self, role: str, version: int) -> MetaFile:
        data = self.files[f"metadata/{version}.{role}.json"]
        return MetaFile(version, len(data), {"sha256": hashlib.sha256(data).hexdigest()})


def manifest_of(product: str, version: str, files: dict[str, bytes]) -> release.Manifest:
    """The manifest of ``files``, which starts the first of them."""
    return release.Manifest(
        product=product,
        version=version,
        platform=PLATFORM,
        start=(next(iter(files)),),
        files=tuple(
            release.File(path, 0o755, len(data), hashlib.sha256(data).hexdigest())
            for path, data in files.items()
        ),
        created="2026-11-21T00:00:00.000Z",
    )


def pack_of(files: dict[str, bytes], **member: Any) -> bytes:
    """``full.tar.zst`` of ``files``; ``member`` overrides fields of each tar header."""
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w") as tar:
        for path, data in files.items():
            info = tarfile.TarInfo(path)
            info.size, info.mode = len(data), 0o755
            for field, value in member.items():
                setattr(info, field, value)
            tar.addfile(info, io.BytesIO(data))
    return zstandard.compress(plain.getvalue())
