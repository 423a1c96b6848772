"""Each test is one attack on a reader. The reader must refuse, say why, and stay as it was."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from securesystemslib.signer import CryptoSigner

from common.errors import NetworkError, OperatorError, RefusedError
from common.trust import Repository
from common.wire.release import channel_target, manifest_target, pack_target
from tests.support.clock import FakeClock
from tests.support.repository_simulator import PLATFORM, RepositorySimulator, manifest_of

PACK = pack_target("phone", "1.0.0", PLATFORM)
TIMESTAMP = "metadata/timestamp.json"


def look(reader: Repository) -> dict[str, str]:
    reader.refresh()
    return reader.channel("phone", "stable")


def refused(reader: Repository, kind: str, *words: str) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        look(reader)
    assert caught.value.kind == kind, str(caught.value)
    for word in words:
        assert word in str(caught.value)
    return caught.value


@pytest.fixture
def seen(reader: Repository, vendor: RepositorySimulator) -> Repository:
    """A reader that has seen the vendor's state 2, after which the vendor went on to 3."""
    reader.refresh()
    assert reader.channel("phone", "stable") == {PLATFORM: "1.0.0"}
    return reader


def test_an_honest_release_is_accepted(seen: Repository, tmp_path: Path) -> None:
    manifest = seen.manifest("phone", "1.0.0", PLATFORM)
    seen.download(PACK, tmp_path / "full.tar.zst")
    assert manifest.version == "1.0.0"
    assert seen.info(PACK)[0] == (tmp_path / "full.tar.zst").stat().st_size


def test_arbitrary_package_a_changed_target(
    seen: Repository, vendor: RepositorySimulator, tmp_path: Path
) -> None:
    path = seen.published_path(PACK)
    vendor.files[path] = vendor.files[path][:-1] + b"!"
    with pytest.raises(RefusedError, match="is not the one that the vendor signed") as caught:
        seen.download(PACK, tmp_path / "slot" / "full.tar.zst")
    assert caught.value.kind == "tampered"
    assert list((tmp_path / "slot").iterdir()) == []


def test_arbitrary_package_a_changed_small_target(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    path = seen.published_path(channel_target("phone", "stable"))
    vendor.files[path] = vendor.files[path].replace(b"1.0.0", b"6.6.6")
    refused(seen, "tampered", "stable.json")


def test_arbitrary_package_metadata_signed_by_a_stranger(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.signers["timestamp"] = [CryptoSigner.generate_ed25519()]
    vendor.bump("phone")
    refused(seen, "signature", "dated statement", "0 of 1", "Nothing was changed.")


def test_rollback_of_the_timestamp(seen: Repository, vendor: RepositorySimulator) -> None:
    old = vendor.files[TIMESTAMP]
    vendor.bump()
    vendor.bump()
    seen.refresh()
    vendor.files[TIMESTAMP] = old
    refused(seen, "rollback", "older than one already seen (2 after 4)", "replaying an old state")


def test_rollback_of_the_snapshot_by_a_stolen_timestamp_key(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.snapshot.version = 1
    vendor.timestamp.version += 1
    vendor.publish()
    refused(seen, "rollback", "list of releases is older", "(1 after 2)")


def test_rollback_of_a_product_by_stolen_online_keys(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    old = vendor.products["phone"].version
    vendor.ship("phone", "1.0.1")
    seen.refresh()
    vendor.products["phone"].version = old
    vendor.bump()
    refused(seen, "rollback", "list of releases of phone is older", "(2 after 3)")


def test_rollback_by_leaving_a_product_out(seen: Repository, vendor: RepositorySimulator) -> None:
    del vendor.snapshot.meta["phone.json"]
    vendor.snapshot.version += 1
    vendor.lay("snapshot", vendor.snapshot)
    vendor.timestamp.snapshot_meta = vendor._meta("snapshot", vendor.snapshot.version)
    vendor.timestamp.version += 1
    vendor.lay("timestamp", vendor.timestamp)
    refused(seen, "rollback", "leaves out a product")


def test_a_thrown_away_copy_of_the_memory_does_not_forget_for_the_original(
    seen: Repository, vendor: RepositorySimulator, tmp_path: Path, clock: FakeClock
) -> None:
    old = vendor.files[TIMESTAMP]
    vendor.bump()
    seen.refresh()
    vendor.files[TIMESTAMP] = old
    fresh = Repository(tmp_path / "other", vendor.first_root, vendor, clock)
    fresh.refresh()  # a reader that knows nothing cannot know better
    again = Repository(tmp_path / "trusted", vendor.first_root, vendor, clock)
    refused(again, "rollback")


@pytest.mark.parametrize("role", ["timestamp", "snapshot", "targets", "phone", "root"])
def test_freeze_on_an_expired_state(
    seen: Repository, vendor: RepositorySimulator, clock: FakeClock, role: str
) -> None:
    soon = clock.now() + timedelta(days=1)
    signed = vendor.products.get(role) or getattr(vendor, role)
    signed.expires = soon
    if role == "root":
        vendor.root.version += 1
        vendor.sign_root()
    elif role not in {"snapshot", "timestamp"}:
        signed.version += 1
    vendor.bump()
    seen.refresh()
    assert seen.channel("phone", "stable")
    clock.advance(days=2)
    refused(seen, "expired", "has passed its date", "clock")


def test_mix_and_match_a_snapshot_of_another_state(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.bump("phone")
    other = vendor.files["metadata/3.snapshot.json"]
    vendor.bump("phone")
    vendor.files["metadata/4.snapshot.json"] = other
    refused(seen, "tampered", "parts of different states were mixed")


def test_mix_and_match_a_product_of_another_state(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.ship("phone", "1.0.1")
    other = vendor.files["metadata/3.phone.json"]
    vendor.ship("phone", "1.0.2")
    vendor.files["metadata/4.phone.json"] = other
    refused(seen, "tampered", "list of releases of phone")


def test_mix_and_match_with_hashes_left_out(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.bump("phone")
    vendor.bump("phone")
    vendor.files["metadata/4.phone.json"] = vendor.files["metadata/3.phone.json"]
    meta = vendor.snapshot.meta["phone.json"]
    meta.hashes = meta.length = None
    vendor.lay("snapshot", vendor.snapshot)
    vendor.timestamp.snapshot_meta = vendor._meta("snapshot", vendor.snapshot.version)
    vendor.lay("timestamp", vendor.timestamp)
    refused(seen, "tampered", "another number")


@pytest.mark.parametrize("path", [TIMESTAMP, "metadata/3.snapshot.json", "metadata/3.phone.json"])
def test_endless_metadata(seen: Repository, vendor: RepositorySimulator, path: str) -> None:
    vendor.bump("phone")
    vendor.files[path] += b" " * 6_000_000
    refused(seen, "oversized", path)


def test_endless_target(seen: Repository, vendor: RepositorySimulator, tmp_path: Path) -> None:
    path = seen.published_path(PACK)
    vendor.files[path] += b"\0" * 10_000_000
    with pytest.raises(RefusedError) as caught:
        seen.download(PACK, tmp_path / "full.tar.zst")
    assert caught.value.kind == "oversized"
    assert not (tmp_path / "full.tar.zst").exists()


def test_a_target_too_large_to_be_read_into_memory(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.add_target(channel_target("phone", "stable"), b" " * 5 * 2**20)
    vendor.bump("phone")
    refused(seen, "oversized")


def test_wrong_product_signed_by_another_products_key(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    forged = manifest_of("phone", "9.9.9", {"run": b"forged"})
    vendor.add_target(manifest_target("phone", "9.9.9", PLATFORM), forged.to_bytes(), by="desk")
    vendor.bump("desk")
    seen.refresh()
    with pytest.raises(RefusedError) as caught:
        seen.manifest("phone", "9.9.9", PLATFORM)
    assert caught.value.kind == "unknown"
    assert "may not speak for" in str(caught.value)


def test_wrong_product_anothers_list_in_its_place(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.signers["phone"] = vendor.signers["desk"]
    vendor.bump("phone")
    refused(seen, "signature", "list of releases of phone")


@pytest.mark.parametrize("lie", [("desk", "2.0.0"), ("phone", "2.0.1")])
def test_wrong_product_in_a_manifest(
    seen: Repository, vendor: RepositorySimulator, lie: tuple[str, str]
) -> None:
    manifest = manifest_of(*lie, {"run": b""})
    vendor.add_target(manifest_target("phone", "2.0.0", PLATFORM), manifest.to_bytes())
    vendor.bump("phone")
    seen.refresh()
    with pytest.raises(RefusedError) as caught:
        seen.manifest("phone", "2.0.0", PLATFORM)
    assert caught.value.kind == "product"


def test_wrong_channel_document(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.point("phone", "stable", "1.0.0", channel="dev")
    vendor.bump("phone")
    refused(seen, "channel")


@pytest.mark.parametrize("junk", [b"\xff\xfe", b"[" * 100_000, b"[]", b"{}"])
def test_malformed_channel_document(
    seen: Repository, vendor: RepositorySimulator, junk: bytes
) -> None:
    vendor.add_target(channel_target("phone", "stable"), junk)
    vendor.bump("phone")
    seen.refresh()
    with pytest.raises(RefusedError) as caught:
        seen.channel("phone", "stable")
    assert caught.value.kind in {"malformed", "channel"}


@pytest.mark.parametrize("junk", [b"", b"not json", b"[]", b'{"signed": {}, "signatures": []}'])
def test_malformed_timestamp(seen: Repository, vendor: RepositorySimulator, junk: bytes) -> None:
    vendor.files[TIMESTAMP] = junk
    refused(seen, "malformed", "dated statement")


def test_one_role_in_the_place_of_another(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.files[TIMESTAMP] = vendor.files["metadata/2.snapshot.json"]
    refused(seen, "malformed")


def test_unsigned_root(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.root.version = 2
    vendor.sign_root()
    bare = json.loads(vendor.files["metadata/2.root.json"])
    bare["signatures"] = []
    vendor.files["metadata/2.root.json"] = json.dumps(bare).encode()
    refused(seen, "signature", "list of trusted keys", "0 of 2")


def test_root_with_its_threshold_not_met(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.root.version = 2
    vendor.sign_root(vendor.signers["root"][:1])
    refused(seen, "signature", "list of trusted keys", "1 of 2")


def test_root_that_replaces_all_keys_with_one_stolen_key(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    thief = CryptoSigner.generate_ed25519()
    vendor.root.version = 2
    vendor.root.roles["root"].keyids = [thief.public_key.keyid]
    vendor.root.roles["root"].threshold = 1
    vendor.root.keys[thief.public_key.keyid] = thief.public_key
    vendor.sign_root([thief, vendor.signers["root"][0]])
    refused(seen, "signature", "1 of 2")


def test_root_of_another_vendor_in_the_kit_is_for_the_operator(
    vendor: RepositorySimulator, tmp_path: Path
) -> None:
    with pytest.raises(OperatorError, match="Ask the vendor for a new kit"):
        Repository(tmp_path, b"{}", vendor).refresh()


def test_fast_forward_is_healed_by_a_new_root(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.timestamp.version = vendor.snapshot.version = 2**31
    vendor.publish()
    seen.refresh()
    vendor.rotate("timestamp")
    vendor.rotate("snapshot")
    vendor.timestamp.version = vendor.snapshot.version = 3
    vendor.ship("phone", "1.0.1")
    seen.refresh()
    assert seen.channel("phone", "stable") == {PLATFORM: "1.0.1"}


@pytest.mark.parametrize(
    "target", ["../secret", "/etc/passwd", "phone/../../x", "phone//x", "phone\\x", "a/\0"]
)
def test_path_traversal_by_a_target_name(
    seen: Repository, vendor: RepositorySimulator, target: str
) -> None:
    vendor.asked.clear()
    with pytest.raises(RefusedError) as caught:
        seen.info(target)
    assert caught.value.kind == "path"
    assert vendor.asked == []


def test_path_traversal_by_a_channels_platform(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    vendor.point("phone", "stable", "1.0.0", releases={"../../desk/1.0.0/x": "1.0.0"})
    vendor.bump("phone")
    seen.refresh()
    (platform,) = seen.channel("phone", "stable")
    with pytest.raises(RefusedError) as caught:
        seen.manifest("phone", "1.0.0", platform)
    assert caught.value.kind == "path"


def test_a_target_without_sha256(seen: Repository, vendor: RepositorySimulator) -> None:
    vendor.products["phone"].targets[channel_target("phone", "stable")].hashes = {"md5": "0" * 32}
    vendor.bump("phone")
    refused(seen, "malformed", "without its sha256")


def test_a_hash_that_is_a_path(seen: Repository, vendor: RepositorySimulator) -> None:
    target = vendor.products["phone"].targets[channel_target("phone", "stable")]
    target.hashes = {"sha256": "../../../etc/passwd"}
    vendor.bump("phone")
    refused(seen, "malformed")


def test_after_a_refusal_the_honest_state_is_still_read(
    seen: Repository, vendor: RepositorySimulator
) -> None:
    honest = dict(vendor.files)
    vendor.files[TIMESTAMP] = b"{}"
    refused(seen, "malformed")
    vendor.files.update(honest)
    vendor.ship("phone", "1.0.1")
    seen.refresh()
    assert seen.channel("phone", "stable") == {PLATFORM: "1.0.1"}


@pytest.mark.parametrize("gone", [TIMESTAMP, "metadata/3.snapshot.json", "metadata/3.phone.json"])
def test_what_was_not_reached_is_no_refusal(
    seen: Repository, vendor: RepositorySimulator, gone: str
) -> None:
    vendor.bump("phone")
    del vendor.files[gone]
    with pytest.raises(NetworkError, match="could not be fetched from the simulator"):
        look(seen)
