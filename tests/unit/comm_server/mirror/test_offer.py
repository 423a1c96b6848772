from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from comm_server.mirror import Refused, Release, gate
from common import locks
from common.errors import NetworkError, OperatorError
from common.trust import FolderSource
from common.wire.release import pack_target
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from tests.unit.comm_server.mirror.conftest import PHONE, Site


def test_a_release_comes_in_is_announced_and_clients_can_verify_it(
    site: Site, vendor: RepositorySimulator
) -> None:
    answer = site.accepts(vendor)
    assert answer.releases == (Release(*PHONE, "1.0.0"),)
    assert site.announced == [(*PHONE, "1.0.0")]
    assert site.rows() == [(*PHONE, "1.0.0")]
    assert site.client_sees() == "1.0.0"
    assert "phone 1.0.0" in answer.as_dict()["sentence"]


def test_the_same_offer_again_is_nothing_new_and_fetches_the_timestamp_alone(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.accepts(vendor)
    vendor.asked.clear()
    answer = site.accepts(vendor)
    assert answer.releases == ()
    assert [path for path, _ in vendor.asked] == [
        "metadata/2.root.json",
        "metadata/timestamp.json",
    ]
    assert len(site.announced) == 1


def test_each_byte_comes_over_the_internet_once(site: Site, vendor: RepositorySimulator) -> None:
    site.accepts(vendor)
    vendor.ship("phone", "1.0.1")
    site.accepts(vendor)
    site.accepts(vendor)
    targets = [path for path, _ in vendor.asked if path.startswith("targets/")]
    assert len(targets) == len(set(targets)) == 6  # pointer, manifest and pack of two releases


def test_what_broke_off_goes_on_where_it_ended(site: Site, vendor: RepositorySimulator) -> None:
    vendor.add_release("phone", "1.0.2", {"run": os.urandom(20_000)})
    vendor.point("phone", "stable", "1.0.2")
    vendor.bump("phone")
    entry = vendor.products["phone"].targets[pack_target("phone", "1.0.2", PLATFORM)]
    path = f"targets/phone/1.0.2/{PLATFORM}/{entry.hashes['sha256']}.full.tar.zst"
    whole = vendor.files[path]
    vendor.files[path] = whole[:9_000]
    with pytest.raises(NetworkError, match="ended after 9000"):
        site.mirror.offer(vendor, "pull")
    vendor.files[path] = whole
    site.restarted()
    site.accepts(vendor)
    assert [offset for asked, offset in vendor.asked if asked == path] == [0, 9_000]
    assert site.client_sees() == "1.0.2"


def test_only_what_is_subscribed_is_fetched(site: Site, vendor: RepositorySimulator) -> None:
    vendor.ship("desk", "3.0.0")
    vendor.add_release("phone", "1.1.0")
    vendor.point("phone", "dev", "1.1.0")
    vendor.bump("phone")
    site.accepts(vendor)
    assert not any("desk" in path or "1.1.0" in path for path, _ in vendor.asked)
    site.wanted |= {("desk", "stable", PLATFORM), ("phone", "dev", PLATFORM)}
    assert {release.version for release in site.accepts(vendor).releases} == {"3.0.0", "1.1.0"}


def test_a_channel_or_platform_that_does_not_exist_holds_nothing_up(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.wanted |= {
        ("phone", "test", PLATFORM),
        ("nobody", "stable", PLATFORM),
        ("phone", "stable", "windows-amd64"),
    }
    assert site.accepts(vendor).releases == (Release(*PHONE, "1.0.0"),)


def test_a_site_without_programs_still_follows_the_vendors_lists(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.wanted = set()
    assert site.accepts(vendor).releases == ()
    site.client("seat").refresh()


def test_from_a_usb_stick(site: Site, vendor: RepositorySimulator, tmp_path: Path) -> None:
    stick = tmp_path / "stick"
    for path, data in vendor.files.items():
        (stick / path).parent.mkdir(parents=True, exist_ok=True)
        (stick / path).write_bytes(data)
    answer = site.mirror.offer(FolderSource(stick), "usb")
    shutil.rmtree(stick)
    assert answer.as_dict()["accepted"]
    assert site.client_sees() == "1.0.0"


def test_a_source_that_is_away_is_no_refusal(
    site: Site, vendor: RepositorySimulator, tmp_path: Path
) -> None:
    with pytest.raises(NetworkError):
        site.mirror.offer(FolderSource(tmp_path / "no stick"), "usb")
    assert site.store.rows("SELECT * FROM refusals") == []


def test_a_full_disk_is_told_before_anything_is_fetched(
    site: Site, vendor: RepositorySimulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gate, "_RESERVE", 2**60)
    with pytest.raises(OperatorError, match="Free disk space"):
        site.mirror.offer(vendor, "pull")
    assert not any(path.startswith("targets/") for path, _ in vendor.asked)


def test_a_second_offer_at_the_same_time_is_told_to_wait(
    site: Site, vendor: RepositorySimulator
) -> None:
    lock = locks.exclusive(site.folder / "mirror" / "lock", busy="", wait=0, clock=site.clock)
    with lock, pytest.raises(OperatorError, match=r"process \d+"):
        site.mirror.offer(vendor, "pull")


def test_a_refusal_leaves_evidence_and_a_row(site: Site, vendor: RepositorySimulator) -> None:
    site.accepts(vendor)
    vendor.files["metadata/timestamp.json"] = b"forged"
    answer = site.refuses(vendor, "malformed")
    assert answer.evidence is not None
    assert (answer.evidence / "metadata" / "timestamp.json").read_bytes() == b"forged"
    reason = (answer.evidence / "reason.txt").read_text()
    assert reason == f"malformed\n{answer.sentence}\n"
    (row,) = site.store.rows("SELECT * FROM refusals")
    assert (row["via"], row["kind"], row["sentence"]) == ("pull", "malformed", answer.sentence)
    assert row["bundle"] is None


def test_the_same_refusal_again_is_counted_not_repeated(
    site: Site, vendor: RepositorySimulator
) -> None:
    vendor.files["metadata/timestamp.json"] = b"forged"
    for _ in range(5):
        site.refuses(vendor, "malformed")
        site.clock.advance(minutes=5)
    (row,) = site.store.rows("SELECT * FROM refusals")
    assert row["times"] == 5
    site.clock.advance(hours=25)
    site.refuses(vendor, "malformed")
    assert len(site.store.rows("SELECT * FROM refusals")) == 2


def test_two_refusals_in_the_same_moment_are_both_kept(
    site: Site, vendor: RepositorySimulator
) -> None:
    vendor.files["metadata/timestamp.json"] = b"forged"
    first = site.refuses(vendor, "malformed")
    second = site.mirror.offer(vendor, "usb")
    assert isinstance(second, Refused)
    assert first.evidence
    assert second.evidence
    assert first.evidence != second.evidence


def test_the_quarantine_is_bounded(site: Site, vendor: RepositorySimulator) -> None:
    vendor.files["metadata/timestamp.json"] = b"forged"
    for _ in range(5):
        site.refuses(vendor, "malformed")
        site.clock.advance(hours=25)
    assert len(list((site.folder / "mirror" / "quarantine").iterdir())) == 3


def test_after_a_refusal_an_honest_offer_is_accepted(
    site: Site, vendor: RepositorySimulator
) -> None:
    honest = dict(vendor.files)
    vendor.files["metadata/timestamp.json"] = b"forged"
    assert isinstance(site.mirror.offer(vendor, "push"), Refused)
    vendor.files.update(honest)
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"


def test_a_damaged_live_file_is_fetched_again(site: Site, vendor: RepositorySimulator) -> None:
    site.accepts(vendor)
    manifest = next(site.mirror.live.rglob("*.manifest.json"))
    manifest.write_bytes(bytes(manifest.stat().st_size))
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"


def test_a_damaged_memory_is_mended_by_the_next_offer(
    site: Site, vendor: RepositorySimulator
) -> None:
    site.accepts(vendor)
    (site.mirror.live / "metadata" / "timestamp.json").write_bytes(b"\0" * 100)
    site.accepts(vendor)
    assert site.client_sees() == "1.0.0"
