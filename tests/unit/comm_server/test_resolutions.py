"""From the vendor's signed word to an urgent mail about what came back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from comm_server import attention
from comm_server.mail.ack_file import FileSource
from comm_server.mail.told import told as told_in_mail
from comm_server.outbox import oldest_urgent
from comm_server.unfreeze import unfreeze
from common.errors import RefusedError, RemoteError
from common.wire.signing import sign
from tests.support.site import TestSite, VendorKeys, crash


def hear(
    site: TestSite, folder: Path, *resolved: tuple[str, str], as_of: int = 1,
    vendor: VendorKeys | None = None,
) -> list[int]:  # fmt: skip
    """Read a statement by file: ``(fingerprint, release)`` of companion are resolved."""
    statement = {
        "format": 1,
        "site": site.parts.site.site,
        "acknowledged": [],
        "missing": [],
        "resolved": [
            {"program": "companion", "fingerprint": one, "release": release}
            for one, release in resolved
        ],
        "resolved_as_of": as_of,
        "at": site.now,
    }
    path = folder / "ack.json"
    path.write_text(json.dumps(sign(statement, (vendor or site.vendor).ack)))
    return FileSource(site.parts.site, path).hear(site.parts.courier.heard)


@pytest.fixture
def mailed(site: TestSite) -> str:
    """One problem that went home; its fingerprint."""
    site.report(crash(1))
    site.bundle()
    return str(site.store.value("SELECT fingerprint FROM problems"))


def told(site: TestSite, number: int) -> dict[str, Any]:
    return dict(site.opened(number).bundle.manifest["problems"][0])


def words_of(site: TestSite, number: int) -> str:
    """The text of its mail."""
    row = site.parts.outbox.one(number)
    assert row is not None
    return told_in_mail(site.store, row, site.parts.courier._texts.t).text


def kept(site: TestSite) -> list[dict[str, Any]]:
    return site.store.rows("SELECT release, came_back_in, bundle FROM resolutions")


def test_seen_in_a_later_release_it_is_an_urgent_regression_until_mailed(
    site: TestSite, mailed: str, tmp_path: Path
):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    assert oldest_urgent(site.store) is None
    site.report(crash(2, release="companion@1.0.2"))
    assert oldest_urgent(site.store) == site.now
    assert site.parts.courier.due() is None  # it waits for company, as every urgent one
    site.clock.advance(site.parts.settings.current.bundle.urgent_after + 1)
    assert site.parts.courier.due() == "urgent"
    number = site.bundle("urgent")
    back = told(site, number)
    assert (back["status"], back["resolved_in"], back["came_back_in"]) == (
        "regression", "companion@1.0.1", "companion@1.0.2",
    )  # fmt: skip
    words = words_of(site, number)
    assert "Back after they were resolved (1)" in words
    assert "companion@1.0.2; it was resolved in companion@1.0.1" in words
    assert "companion@1.0.2；曾在 companion@1.0.1 中解决" in words
    assert oldest_urgent(site.store) is None
    site.report(crash(3, release="companion@1.0.2"))
    assert oldest_urgent(site.store) is None
    assert told(site, site.bundle())["status"] == "known"


@pytest.mark.parametrize("release", ["companion@1.0.1", "companion@1.0.0", "", "other@9.0"])
def test_seen_in_the_same_or_an_earlier_release_it_is_only_known(
    site: TestSite, mailed: str, tmp_path: Path, release: str
):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    site.report(crash(2, release=release))
    assert oldest_urgent(site.store) is None
    assert told(site, site.bundle())["status"] == "known"


def test_the_same_statement_twice_changes_nothing(site: TestSite, mailed: str, tmp_path: Path):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    site.report(crash(2, release="companion@1.0.2"))
    number = site.bundle()
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    assert kept(site) == [
        {"release": "companion@1.0.1", "came_back_in": "companion@1.0.2", "bundle": number}
    ]


def test_resolved_anew_it_can_come_back_anew(site: TestSite, mailed: str, tmp_path: Path):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    site.report(crash(2, release="companion@1.0.2"))
    site.bundle()
    hear(site, tmp_path, (mailed, "companion@1.0.3"), as_of=2)
    assert kept(site) == [{"release": "companion@1.0.3", "came_back_in": None, "bundle": None}]
    site.report(crash(3, release="companion@1.0.4"))
    assert told(site, site.bundle())["came_back_in"] == "companion@1.0.4"


def test_a_word_that_comes_after_the_reports_is_compared_with_them(
    site: TestSite, mailed: str, tmp_path: Path
):
    site.report(crash(2, release="companion@1.0.2"))
    site.bundle()
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    assert oldest_urgent(site.store) == site.now
    assert told(site, site.bundle("urgent"))["status"] == "regression"


def test_a_fingerprint_that_is_not_known_here_is_passed_over(
    site: TestSite, mailed: str, tmp_path: Path
):
    hear(site, tmp_path, ("0" * 32, "companion@1.0.1"))
    assert kept(site) == []


def test_what_is_named_no_longer_was_taken_back_but_not_by_an_older_statement(
    site: TestSite, mailed: str, tmp_path: Path
):
    hear(site, tmp_path, (mailed, "companion@1.0.1"), as_of=5)
    hear(site, tmp_path, as_of=4)
    assert len(kept(site)) == 1
    hear(site, tmp_path, as_of=6)
    assert kept(site) == []
    hear(site, tmp_path, (mailed, "companion@1.0.1"), as_of=5)
    assert kept(site) == []


def test_a_forged_statement_resolves_nothing(site: TestSite, mailed: str, tmp_path: Path):
    with pytest.raises(RefusedError, match="signature"):
        hear(site, tmp_path, (mailed, "companion@1.0.1"), vendor=VendorKeys())
    assert kept(site) == []


@pytest.mark.parametrize("resolved", [3, [3], [{}], [{"program": "x", "release": "1"}]])
def test_signed_nonsense_is_told_as_such(site: TestSite, tmp_path: Path, resolved: object):
    statement = {"site": site.parts.site.site, "acknowledged": [], "resolved": resolved}
    path = tmp_path / "ack.json"
    path.write_text(json.dumps(sign(statement, site.vendor.ack)))
    with pytest.raises(RemoteError, match="form"):
        FileSource(site.parts.site, path).hear(site.parts.courier.heard)


def test_an_older_vendor_tells_nothing_of_it_and_takes_nothing_back(
    site: TestSite, mailed: str, tmp_path: Path
):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    path = tmp_path / "old.json"
    path.write_text(json.dumps(site.vendor.acknowledgement(site.parts.site.site)))
    FileSource(site.parts.site, path).hear(site.parts.courier.heard)
    assert len(kept(site)) == 1


def test_a_bundle_made_anew_tells_the_regression_again(site: TestSite, mailed: str, tmp_path: Path):
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    site.report(crash(2, release="companion@1.0.2"))
    number = site.bundle()
    assert unfreeze(site.store, number) == [number]
    assert told(site, site.bundle())["status"] == "regression"


def test_what_came_back_needs_a_person_even_when_it_is_old(
    site: TestSite, mailed: str, tmp_path: Path
):
    console = site.parts.settings.current.console
    hear(site, tmp_path, (mailed, "companion@1.0.1"))
    site.clock.advance(86400 * (console.recent + 1))
    site.report(crash(2, release="companion@1.0.2"))
    needs = attention.needs(site.store, console, site.clock.now())
    (row,) = next(need for need in needs if need.kind == "problems").rows
    assert row["came_back_in"] == "companion@1.0.2"
