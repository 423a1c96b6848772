"""An error storm costs counters and a histogram, and neither disk nor the news of others."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from comm_server import histogram
from comm_server.digest import digest_some
from tests.support.site import TestSite, crash, envelope

MANY = 5000


def storm(
    site: TestSite, numbers: range, *, settings: Any = None, at_once: int = 50, **extra: Any
) -> None:
    """Equal crashes of these numbers through the digest, some in one request."""
    for start in numbers[::at_once]:
        events = [crash(n, **extra) for n in range(start, min(start + at_once, numbers.stop))]
        site.take(envelope(*events))
    while digest_some(site.store, settings or site.intake):
        pass


def whole(site: TestSite) -> list[int]:
    rows = site.store.rows("SELECT event_id FROM reports WHERE event IS NOT NULL ORDER BY id")
    return [int(row["event_id"], 16) for row in rows]


def test_of_5000_copies_counts_are_exact_and_a_few_are_kept(site: TestSite):
    patient = replace(site.intake, keep_per_problem=100, keep_ids=1000)
    begun = time.perf_counter()
    storm(site, range(1, MANY + 1), settings=patient)
    print(f"{MANY / (time.perf_counter() - begun):.0f} copies a second")  # noqa: T201 - told, never asserted
    problem = site.store.row("SELECT count FROM problems")
    assert problem == {"count": MANY}
    assert site.store.value("SELECT sum(count) FROM problem_seen") == MANY
    assert histogram.hours(site.store, 1) == [("2026-11-21T09:00:00.000Z", MANY)]
    # The first ten, then each power of two.
    assert whole(site) == [*range(1, 11), *(2**n for n in range(4, 13))]
    # The rest left an id, and of those the newest, even before the hourly tidying.
    rows = site.store.value("SELECT count(*) FROM reports WHERE event IS NULL")
    assert 900 < rows <= 1000
    told = site.opened(site.bundle()).bundle
    assert told.manifest["dropped"] == {"counted only: many alike": MANY - len(told.reports)}


def test_no_more_samples_wait_for_one_bundle_than_before(site: TestSite):
    storm(site, range(1, 200))
    assert whole(site) == [*range(1, 11)]
    site.bundle()
    storm(site, range(200, 300))
    assert whole(site) == [*range(1, 11), 256]


def test_a_copy_within_the_window_is_no_new_report(site: TestSite):
    storm(site, range(1, 51))
    storm(site, range(41, 51))
    assert site.store.value("SELECT count FROM problems") == 50
    assert [count for _, count in histogram.hours(site.store, 1)] == [50]


def test_the_first_report_of_each_release_is_kept(site: TestSite):
    """A problem that was fixed and comes back must bring its new stack trace home."""
    storm(site, range(1, 41))
    site.bundle()
    storm(site, range(41, 46), release="companion@1.0.1")
    assert whole(site)[-1] == 41
    assert 42 not in whole(site)


def test_hours_are_exact_over_their_borders(site: TestSite):
    for minutes, numbers in ((59.99, range(1, 8)), (0.01, range(8, 31)), (60, range(31, 36))):
        site.clock.advance(minutes * 60)
        storm(site, numbers)
    expected = [
        ("2026-11-21T09:00:00.000Z", 7),
        ("2026-11-21T10:00:00.000Z", 23),
        ("2026-11-21T11:00:00.000Z", 5),
    ]
    assert histogram.hours(site.store, 1) == expected
    (problem,) = site.opened(site.bundle()).bundle.manifest["problems"]
    assert problem["histogram"] == [list(one) for one in expected]
    assert problem["count"] == 35


def test_a_bundle_tells_the_last_two_days(site: TestSite):
    for number in range(1, 60):
        site.report(crash(number))
        site.clock.advance(3600)
    (problem,) = site.opened(site.bundle()).bundle.manifest["problems"]
    assert len(problem["histogram"]) == 48
    assert problem["histogram"][-1] == ["2026-11-23T19:00:00.000Z", 1]
    assert len(histogram.hours(site.store, 1)) == 59


def test_a_new_problem_goes_before_the_storm(site: TestSite):
    storm(site, range(1, 101))
    site.bundle()
    storm(site, range(101, 301))
    site.report(crash(1001, kind="KeyError"))
    bundle = site.opened(site.bundle()).bundle
    assert [one["type"] for one in bundle.manifest["problems"]] == ["KeyError", "ZeroDivisionError"]
    assert next(iter(bundle.manifest["reports"]))["id"] == f"{1001:032x}"
