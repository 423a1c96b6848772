"""Each test is one attack on the site. What clients read must stay as it was."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from common.trust import FolderSource
from common.wire.release import channel_target, manifest_target, pack_target
from tests.support.repository_simulator import (
    PLATFORM,
    RepositorySimulator,
    manifest_of,
    pack_of,
)
from tests.unit.comm_server.mirror.conftest import Site

TIMESTAMP = "metadata/timestamp.json"


@pytest.fixture(autouse=True)
def _seen(site: Site, vendor: RepositorySimulator) -> None:
    site.accepts(vendor)


def pack_path(vendor: RepositorySimulator, version: str) -> str:
    entry = vendor.products["phone"].targets[pack_target("phone", version, PLATFORM)]
    return f"targets/phone/{version}/{PLATFORM}/{entry.hashes['sha256']}.full.tar.zst"


def test_arbitrary_package_a_tampered_pack(site: Site, vendor: RepositorySimulator) -> None:
    vendor.ship("phone", "1.0.1")
    path = pack_path(vendor, "1.0.1")
    vendor.files[path] = vendor.files[path][::-1]
    answer = site.refuses(vendor, "tampered")
    assert "full.tar.zst is not the one that the vendor signed" in answer.sentence
    assert site.client_sees() == "1.0.0"
    assert site.announced == [("phone", "stable", PLATFORM, "1.0.0")]
    assert not (site.folder / "mirror" / "staging").exists()


def test_arbitrary_package_signed_by_a_stranger(site: Site, vendor: RepositorySimulator) -> None:
    vendor.signers["phone"] = [CryptoSigner.generate_ed25519()]
    vendor.ship("phone", "6.6.6")
    site.refuses(vendor, "signature")


def test_a_whole_forged_repository(site: Site) -> None:
    thief = RepositorySimulator("phone")
    thief.ship("phone", "6.6.6")
    site.refuses(thief, "signature")


def test_rollback_to_the_vendors_own_old_state(site: Site, vendor: RepositorySimulator) -> None:
    old = dict(vendor.files)
    vendor.ship("phone", "1.0.1")
    site.accepts(vendor)
    vendor.files = old
    answer = site.refuses(vendor, "rollback")
    assert "older than one already seen (2 after 3)" in answer.sentence
    assert site.client_sees() == "1.0.1"


def test_rollback_is_noticed_after_a_restart(site: Site, vendor: RepositorySimulator) -> None:
    old = dict(vendor.files)
    vendor.bump()
    site.accepts(vendor)
    site.restarted()
    vendor.files = old
    site.refuses(vendor, "rollback")


def test_rollback_of_the_snapshot(site: Site, vendor: RepositorySimulator) -> None:
    vendor.snapshot.version = 1
    vendor.timestamp.version += 1
    vendor.publish()
    site.refuses(vendor, "rollback")


def test_rollback_of_a_product(site: Site, vendor: RepositorySimulator) -> None:
    vendor.products["phone"].version = 1
    vendor.bump()
    site.refuses(vendor, "rollback")


def test_rollback_of_a_channel_by_a_stolen_product_key(
    site: Site, vendor: RepositorySimulator
) -> None:
    vendor.ship("phone", "1.0.1")
    site.accepts(vendor)
    vendor.point("phone", "stable", "1.0.0")
    vendor.bump("phone")
    answer = site.refuses(vendor, "rollback")
    assert "goes back from 1.0.1 to 1.0.0" in answer.sentence


def test_freeze(site: Site, vendor: RepositorySimulator) -> None:
    site.clock.advance(days=31)
    answer = site.refuses(vendor, "expired")
    assert "clock" in answer.sentence


def test_freeze_does_not_hold_once_the_vendor_signs_again(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.clock.advance(days=31)
    vendor.expires = site.clock.now() + timedelta(days=30)
    for signed in (vendor.targets, vendor.snapshot, vendor.timestamp, *vendor.products.values()):
        signed.expires = vendor.expires
    vendor.root.expires = vendor.expires
    vendor.root.version += 1
    vendor.targets.version += 1
    vendor.sign_root()
    vendor.ship("phone", "1.0.1")
    site.accepts(vendor)
    assert site.client_sees() == "1.0.1"


def test_mix_and_match(site: Site, vendor: RepositorySimulator) -> None:
    vendor.ship("phone", "1.0.1")
    other = vendor.files["metadata/3.phone.json"]
    vendor.ship("phone", "1.0.2")
    vendor.files["metadata/4.phone.json"] = other
    site.refuses(vendor, "tampered")


def test_endless_data_in_metadata(site: Site, vendor: RepositorySimulator) -> None:
    vendor.bump()
    vendor.files[TIMESTAMP] += b" " * 5_000_000
    answer = site.refuses(vendor, "oversized")
    assert answer.evidence is not None
    size = sum(path.stat().st_size for path in answer.evidence.rglob("*"))
    assert size < 3 * 2**20


def test_endless_data_in_a_pack(site: Site, vendor: RepositorySimulator) -> None:
    vendor.ship("phone", "1.0.1")
    vendor.files[pack_path(vendor, "1.0.1")] += b"\0" * 5_000_000
    site.refuses(vendor, "oversized")


def test_wrong_product_signed_by_another_products_key(
    site: Site, vendor: RepositorySimulator
) -> None:
    forged = manifest_of("phone", "9.9.9", {"run": b"forged"})
    vendor.add_target(manifest_target("phone", "9.9.9", PLATFORM), forged.to_bytes(), by="desk")
    vendor.add_target(
        pack_target("phone", "9.9.9", PLATFORM), pack_of({"run": b"forged"}), by="desk"
    )
    vendor.point("phone", "stable", "9.9.9")
    vendor.bump("phone", "desk")
    answer = site.refuses(vendor, "unknown")
    assert "9.9.9" in answer.sentence


def test_wrong_product_in_the_manifest(site: Site, vendor: RepositorySimulator) -> None:
    other = manifest_of("desk", "1.0.1", {"run": b""})
    vendor.add_release("phone", "1.0.1")
    vendor.add_target(manifest_target("phone", "1.0.1", PLATFORM), other.to_bytes())
    vendor.point("phone", "stable", "1.0.1")
    vendor.bump("phone")
    site.refuses(vendor, "product")


def test_wrong_channel_document(site: Site, vendor: RepositorySimulator) -> None:
    vendor.point("phone", "stable", "1.0.0", channel="dev")
    vendor.bump("phone")
    site.refuses(vendor, "channel")


def test_unsigned_root(site: Site, vendor: RepositorySimulator) -> None:
    vendor.root.version += 1
    vendor.sign_root([CryptoSigner.generate_ed25519()])
    site.refuses(vendor, "signature")


def test_root_with_its_threshold_not_met(site: Site, vendor: RepositorySimulator) -> None:
    vendor.root.version += 1
    vendor.sign_root(vendor.signers["root"][:1])
    answer = site.refuses(vendor, "signature")
    assert "1 of 2" in answer.sentence


def test_fast_forward_is_healed_by_a_new_root(site: Site, vendor: RepositorySimulator) -> None:
    vendor.timestamp.version = vendor.snapshot.version = 2**31
    vendor.publish()
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"
    vendor.rotate("timestamp")
    vendor.rotate("snapshot")
    vendor.timestamp.version = vendor.snapshot.version = 3
    vendor.ship("phone", "1.0.1")
    site.accepts(vendor)
    assert site.client_sees() == "1.0.1"


@pytest.mark.parametrize(
    ("files", "member"),
    [
        ({"run": b"other bytes!"}, {}),
        ({"run": b"longer than what the manifest says"}, {}),
        ({"run": b"honest bytes", "extra": b""}, {}),
        ({}, {}),
        ({"run": b"honest bytes"}, {"mode": 0o4755, "name": "../run"}),
        ({"run": b"honest bytes"}, {"mode": 0o600}),
        ({"run": b"honest bytes"}, {"type": b"2", "linkname": "/etc/passwd"}),
    ],
)
def test_tampered_manifest_against_its_pack(
    site: Site, vendor: RepositorySimulator, files: dict[str, bytes], member: dict[str, object]
) -> None:
    vendor.add_release("phone", "1.0.1", {"run": b"honest bytes"})
    vendor.add_target(pack_target("phone", "1.0.1", PLATFORM), pack_of(files, **member))
    vendor.point("phone", "stable", "1.0.1")
    vendor.bump("phone")
    site.refuses(vendor, "pack")


def test_a_pack_that_expands_without_end(site: Site, vendor: RepositorySimulator) -> None:
    vendor.add_release("phone", "1.0.1", {"run": b"honest bytes"})
    vendor.add_target(pack_target("phone", "1.0.1", PLATFORM), pack_of({"run": bytes(2**25)}))
    vendor.point("phone", "stable", "1.0.1")
    vendor.bump("phone")
    site.refuses(vendor, "pack")


@pytest.mark.parametrize("path", ["../run", "/etc/cron.d/run", "a/../../run"])
def test_path_traversal_in_a_manifest(site: Site, vendor: RepositorySimulator, path: str) -> None:
    vendor.add_release("phone", "1.0.1", {path: b"x"})
    vendor.point("phone", "stable", "1.0.1")
    vendor.bump("phone")
    site.refuses(vendor, "manifest")


def test_path_traversal_by_a_version_or_platform(site: Site, vendor: RepositorySimulator) -> None:
    evil = "../../../../evil"
    site.wanted = {("phone", "stable", evil)}
    vendor.point("phone", "stable", "1.0.0", releases={evil: "1.0.0"})
    vendor.bump("phone")
    site.refuses(vendor, "path")


def test_path_traversal_by_a_link_on_a_stick(
    site: Site, vendor: RepositorySimulator, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    (stick / "metadata").mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_bytes(b"the site's secret")
    (stick / TIMESTAMP).symlink_to(secret)
    answer = site.refuses(FolderSource(stick), "path")
    assert answer.evidence is not None
    assert [path.name for path in answer.evidence.rglob("*")] == ["reason.txt"]


def test_a_channel_that_points_to_nothing(site: Site, vendor: RepositorySimulator) -> None:
    vendor.point("phone", "stable", "2.0.0")
    vendor.bump("phone")
    site.refuses(vendor, "unknown")


def test_a_pointer_that_is_no_json(site: Site, vendor: RepositorySimulator) -> None:
    vendor.add_target(channel_target("phone", "stable"), b"\xff")
    vendor.bump("phone")
    site.refuses(vendor, "malformed")
