"""A site that reaches nobody tells that its lists have passed their date."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from common.trust import FolderSource
from tests.support.repository_simulator import RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site


def alarms(site: Site) -> list[str]:
    return [row["sentence"] for row in site.store.rows("SELECT sentence FROM refusals")]


def test_nothing_is_told_before_and_before_the_first_offer(
    site: Site, vendor: RepositorySimulator
) -> None:
    assert not site.mirror.alarm_when_expired()
    site.accepts(vendor)
    assert not site.mirror.alarm_when_expired()
    assert alarms(site) == []


def test_it_is_told_once_and_what_is_live_stays(site: Site, vendor: RepositorySimulator) -> None:
    site.accepts(vendor)
    before = site.files()
    site.clock.advance(days=31)
    for _hour in range(30):
        assert site.mirror.alarm_when_expired()
        site.clock.advance(hours=1)
    (sentence,) = alarms(site)
    assert "passed its date on 2026-12-21" in sentence
    assert "callstead comm import" in sentence
    assert site.files() == before


def test_a_usb_stick_brings_fresh_lists(
    site: Site, vendor: RepositorySimulator, tmp_path: Path
) -> None:
    site.accepts(vendor)
    site.clock.advance(days=31)
    assert site.mirror.alarm_when_expired()
    for signed in (vendor.root, vendor.targets, vendor.snapshot, vendor.timestamp,
                   *vendor.products.values()):  # fmt: skip
        signed.expires = site.clock.now() + timedelta(days=30)
    vendor.root.version += 1
    vendor.targets.version += 1
    vendor.sign_root()
    vendor.bump("phone", "desk")
    for path, data in vendor.files.items():
        (tmp_path / "stick" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "stick" / path).write_bytes(data)
    site.accepts(FolderSource(tmp_path / "stick"))
    assert not site.mirror.alarm_when_expired()
    assert site.client_sees() == "1.0.0"
