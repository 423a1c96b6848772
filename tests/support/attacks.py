"""What an attacker can do to a reader that has seen the vendor's state 2, by name.

Each changes the simulator the way its name says; the reader must refuse with the kind beside it.
Whoever has keys that he should not have uses them as well as he can.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

from securesystemslib.signer import CryptoSigner

from common.wire.release import Manifest, channel_target, manifest_target, pack_target
from tests.support.repository_simulator import (
    PLATFORM,
    RepositorySimulator,
    manifest_of,
    pack_of,
)

EVIL = {"run": b"evil"}
Attack = Callable[[RepositorySimulator, str], None]


def arbitrary_package(vendor: RepositorySimulator, product: str) -> None:
    """Other bytes in the place of a pack that was signed."""
    vendor.ship(product, "6.6.6")
    path = _published(vendor, pack_target(product, "6.6.6", PLATFORM))
    vendor.files[path] = vendor.files[path][::-1]


def arbitrary_package_signed_by_a_stranger(vendor: RepositorySimulator, product: str) -> None:
    """A whole release of one's own, without the product's key."""
    vendor.signers[product] = [CryptoSigner.generate_ed25519()]
    vendor.ship(product, "6.6.6")


def rollback(vendor: RepositorySimulator, _product: str) -> None:
    """The vendor's own state of the time before, for a reader that has seen the next one."""
    vendor.files = dict(vendor.past)


def mix_and_match(vendor: RepositorySimulator, product: str) -> None:
    """A product's list of another state than the snapshot's."""
    vendor.ship(product, "6.6.5")
    other = vendor.files[f"metadata/{vendor.products[product].version}.{product}.json"]
    vendor.ship(product, "6.6.6")
    vendor.files[f"metadata/{vendor.products[product].version}.{product}.json"] = other


def endless_metadata(vendor: RepositorySimulator, _product: str) -> None:
    """A timestamp that never ends."""
    vendor.bump()
    vendor.files["metadata/timestamp.json"] += b" " * 3_000_000


def endless_pack(vendor: RepositorySimulator, product: str) -> None:
    """A pack that never ends."""
    vendor.ship(product, "6.6.6")
    vendor.files[_published(vendor, pack_target(product, "6.6.6", PLATFORM))] += bytes(3_000_000)


def wrong_product(vendor: RepositorySimulator, product: str) -> None:
    """Another product's release under this one's name."""
    _manifest(vendor, product, dataclasses.replace(_evil(product), product="desk"))


def wrong_platform(vendor: RepositorySimulator, product: str) -> None:
    """A release for another platform in the place of this one's."""
    _manifest(vendor, product, dataclasses.replace(_evil(product), platform="windows-amd64"))


def stolen_online_keys(vendor: RepositorySimulator, product: str) -> None:
    """Snapshot and timestamp sign whatever the thief wants; the product's key he has not."""
    vendor.signers[product] = [CryptoSigner.generate_ed25519()]
    vendor.products[product].version = 2**20
    vendor.snapshot.version = vendor.timestamp.version = 2**20
    vendor.ship(product, "6.6.6")


def stolen_online_keys_and_anothers_product_key(vendor: RepositorySimulator, product: str) -> None:
    """And the key of another product, whose list now names this one's release."""
    for target, data in (
        (manifest_target(product, "6.6.6", PLATFORM), _evil(product).to_bytes()),
        (pack_target(product, "6.6.6", PLATFORM), pack_of(EVIL)),
    ):
        vendor.add_target(target, data, by="desk")
    vendor.bump("desk")
    path = _published(vendor, channel_target(product, "stable"))
    vendor.files[path] = vendor.files[path].replace(b"1.0.0", b"6.6.6")
    vendor.point(product, "stable", "6.6.6")
    vendor.bump(product)


def tampered_mirror(vendor: RepositorySimulator, product: str) -> None:
    """A mirror that changes where a channel points to, and leaves all else as it is."""
    vendor.ship(product, "6.6.6")
    path = _published(vendor, channel_target(product, "stable"))
    vendor.files[path] = vendor.files[path].replace(b"6.6.6", b"6.6.7")


def tampered_mirror_that_swaps_roots(vendor: RepositorySimulator, product: str) -> None:
    """A mirror that puts a root of its own beside the vendor's."""
    thief = RepositorySimulator(product, "desk")
    thief.ship(product, "6.6.6")
    thief.root.version = 2
    thief.sign_root()
    vendor.files.update(thief.files)
    del vendor.files["metadata/1.root.json"]


def tampered_slot_in_a_pack(vendor: RepositorySimulator, product: str) -> None:
    """A pack that holds other files than its manifest names, signed by a stolen product key."""
    vendor.add_release(product, "6.6.6")
    vendor.add_target(pack_target(product, "6.6.6", PLATFORM), pack_of({"../run": b"evil"}))
    vendor.point(product, "stable", "6.6.6")
    vendor.bump(product)


ATTACKS: dict[str, tuple[Attack, str]] = {
    "arbitrary-package": (arbitrary_package, "tampered"),
    "arbitrary-package-signed-by-a-stranger": (arbitrary_package_signed_by_a_stranger, "signature"),
    "rollback": (rollback, "rollback"),
    "mix-and-match": (mix_and_match, "tampered"),
    "endless-metadata": (endless_metadata, "oversized"),
    "endless-pack": (endless_pack, "oversized"),
    "wrong-product": (wrong_product, "product"),
    "wrong-platform": (wrong_platform, "product"),
    "stolen-online-keys": (stolen_online_keys, "signature"),
    "stolen-online-keys-and-anothers-product-key": (
        stolen_online_keys_and_anothers_product_key,
        "unknown",
    ),
    "tampered-mirror": (tampered_mirror, "tampered"),
    "tampered-mirror-that-swaps-roots": (tampered_mirror_that_swaps_roots, "signature"),
    "tampered-slot-in-a-pack": (tampered_slot_in_a_pack, "pack"),
}


def _evil(product: str) -> Manifest:
    return manifest_of(product, "6.6.6", EVIL)


def _manifest(vendor: RepositorySimulator, product: str, manifest: Manifest) -> None:
    vendor.add_release(product, "6.6.6", EVIL)
    vendor.add_target(manifest_target(product, "6.6.6", PLATFORM), manifest.to_bytes())
    vendor.point(product, "stable", "6.6.6")
    vendor.bump(product)


def _published(vendor: RepositorySimulator, target: str) -> str:
    product = target.partition("/")[0]
    sha256 = vendor.products[product].targets[target].hashes["sha256"]
    folder, _, name = target.rpartition("/")
    return f"targets/{folder}/{sha256}.{name}"
