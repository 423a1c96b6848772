"""What the home lets go of, and what of it stays for ever."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from typing import Any

import pytest

from home import housekeeping
from home.housekeeping import tidy
from home.inbox.chain import breaks, chain, gaps
from home.inbox.merges import merge
from home.inbox.problems import list_problems, problem
from home.inbox.reports import report
from home.inbox.settings import RetentionSettings
from tests.support.vendor import CRASH, Site, Vendor

DAY = 86400
SETTINGS = replace(RetentionSettings(), reports_per_problem=10)
HOUR = "2026-11-21T08:00:00.000Z"


def fill(vendor: Vendor, bundles: int = 30) -> Site:
    """Bundles with a report each, a day apart."""
    site = vendor.add_site()
    for n in range(bundles):
        at = f"2026-11-21T08:00:{n:02}.000Z"
        entry = {"id": f"e{n}", "fingerprint": "f1", "program": "companion", "received_at": at}
        content = {"reports": {f"e{n}": {"message": "x"}}, "environment": {"a": 1}}
        told = {**CRASH, "count": n + 1, "histogram": [[HOUR, n + 1]]}
        vendor.receive(site.mail(content, problems=[told], reports=[entry]))
        vendor.clock.advance(DAY)
    return site


def numbers(vendor: Vendor) -> list[dict[str, Any]]:
    keys = ("count", "first_seen", "last_seen", "releases", "machines", "sites", "status")
    return [{key: row[key] for key in keys} for row in list_problems(vendor.store)]


def test_counts_first_and_last_seen_survive_everything_else(vendor: Vendor) -> None:
    fill(vendor)
    before = numbers(vendor)
    vendor.clock.advance(1000 * DAY)
    tidy(vendor.store, SETTINGS, vendor.clock)
    assert numbers(vendor) == before
    assert vendor.count("problem_hours") == 0
    assert vendor.count("reports") == 3  # the newest few, so that the page is never empty
    assert vendor.count("bundles") == 3  # those that came with them; the newest among them
    found = problem(vendor.store, 1)
    assert found is not None
    assert found["sightings"][0]["count"] == 30


def test_a_problem_that_no_site_has_seen_for_years_is_forgotten_with_all_merged_into_it(
    vendor: Vendor,
) -> None:
    site = fill(vendor, 3)
    other = {**CRASH, "fingerprint": "f2"}
    vendor.receive(site.mail(problems=[other]))
    young = {**CRASH, "fingerprint": "f3", "last_seen": "2031-11-21T08:30:00.000Z"}
    vendor.receive(site.mail(problems=[young]))
    merge(vendor.store, 1, 2, "wang", vendor.clock)
    vendor.clock.advance(SETTINGS.problem_days * DAY)
    assert tidy(vendor.store, SETTINGS, vendor.clock)["problems"] == 1
    assert [row["id"] for row in list_problems(vendor.store)] == [3]
    assert vendor.store.rows("SELECT id FROM problems") == [{"id": 3}]
    vendor.receive(site.mail(problems=[CRASH]))
    assert len(list_problems(vendor.store)) == 2
    assert vendor.store.rows("PRAGMA foreign_key_check") == []


def test_of_a_client_the_newest_receipts_stay(vendor: Vendor) -> None:
    site = vendor.add_site()
    for hour in range(6):
        at = f"2026-11-21T0{hour}:00:00.000Z"
        receipt = site.receipt(id=f"r{hour}", at=at)
        vendor.receive(site.mail({"receipts": [receipt]}, clients=[site.client()]))
    settings = replace(SETTINGS, receipts_per_client=2)
    assert tidy(vendor.store, settings, vendor.clock)["receipts"] == 4
    kept = vendor.store.rows("SELECT id FROM receipts ORDER BY id")
    assert kept == [{"id": "r4"}, {"id": "r5"}]


def test_young_things_stay(vendor: Vendor) -> None:
    fill(vendor, 5)
    assert not any(tidy(vendor.store, SETTINGS, vendor.clock).values())
    assert vendor.count("reports") == 5


def test_of_one_problem_the_first_and_the_newest_reports_stay(vendor: Vendor) -> None:
    fill(vendor)
    assert tidy(vendor.store, SETTINGS, vendor.clock)["reports"] == 20
    kept = [row["id"] for row in vendor.store.rows("SELECT id FROM reports ORDER BY received_at")]
    assert kept == [f"e{n}" for n in (0, 1, 2, 3, 4, 25, 26, 27, 28, 29)]


def test_a_report_outlives_what_its_bundle_brought_and_says_so(vendor: Vendor) -> None:
    site = fill(vendor, 2)
    vendor.clock.advance(SETTINGS.content_days * DAY)
    assert tidy(vendor.store, SETTINGS, vendor.clock)["contents"] == 2
    found = report(vendor.store, site.id, "e0", 60)
    assert found is not None
    assert found.emptied
    assert found.event is not None
    assert (found.environment, found.lines) == ({}, ())


def test_what_is_forgotten_is_no_gap_and_no_break(vendor: Vendor) -> None:
    site = fill(vendor)
    vendor.clock.advance(1000 * DAY)
    tidy(vendor.store, SETTINGS, vendor.clock)
    vendor.receive(site.mail())
    assert gaps(vendor.store) == []
    assert breaks(vendor.store) == []
    ids = [row["id"] for row in vendor.store.rows("SELECT id FROM bundles")]
    assert set(chain(vendor.store, ids).values()) == {"whole"}
    site.sequence += 1
    vendor.receive(site.mail())
    assert [(gap.first, gap.last) for gap in gaps(vendor.store)] == [(32, 32)]


def test_a_forgotten_number_that_comes_again_is_shown_to_a_person(vendor: Vendor) -> None:
    site = vendor.add_site()
    first = site.mail(problems=[CRASH])
    for mail in (first, site.mail(), site.mail()):
        vendor.receive(mail)
    vendor.clock.advance(1000 * DAY)
    tidy(vendor.store, SETTINGS, vendor.clock)
    outcome = vendor.receive(first)
    assert outcome.what == "refused"
    assert "old backup" in outcome.sentence


def test_the_newest_bundle_of_a_silent_site_stays(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail())
    vendor.clock.advance(1000 * DAY)
    tidy(vendor.store, SETTINGS, vendor.clock)
    assert vendor.count("bundles") == 1


@pytest.mark.parametrize("step", range(1, 9))
def test_killed_after_any_step_it_ends_the_same(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    fill(vendor, 12)
    vendor.clock.advance(1000 * DAY)
    monkeypatch.setattr(housekeeping, "_STEP", 2)
    done, write = 0, vendor.store.write

    def dying(work: Any) -> Any:
        nonlocal done
        done += 1
        if done > step:
            raise KeyboardInterrupt
        return write(work)

    monkeypatch.setattr(vendor.store, "write", dying)
    with pytest.raises(KeyboardInterrupt):
        tidy(vendor.store, SETTINGS, vendor.clock)
    monkeypatch.setattr(vendor.store, "write", write)
    tidy(vendor.store, SETTINGS, vendor.clock)
    assert (vendor.count("reports"), vendor.count("bundles")) == (3, 3)
    assert vendor.store.value("SELECT forgotten FROM sites") == 11
    assert not any(tidy(vendor.store, SETTINGS, vendor.clock).values())


def test_nothing_refers_to_what_is_gone(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail({"receipts": [site.receipt()]}, clients=[site.client()]))
    for _ in range(3):
        vendor.receive(site.mail())
    vendor.clock.advance(1000 * DAY)
    tidy(vendor.store, SETTINGS, vendor.clock)
    assert vendor.count("receipts") == 1
    assert vendor.store.rows("SELECT sequence FROM bundles ORDER BY 1") == [
        {"sequence": 1},
        {"sequence": 4},
    ]
    connection = sqlite3.connect(vendor.folder / "home.db")
    try:
        assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    finally:
        connection.close()
