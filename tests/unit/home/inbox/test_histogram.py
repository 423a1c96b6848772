from __future__ import annotations

from typing import Any

import pytest

from home.inbox.histogram import hours
from tests.support.vendor import CRASH, Vendor

EIGHT, NINE, TEN = (f"2026-11-21T{hour}:00:00.000Z" for hour in ("08", "09", "10"))


def crash(*histogram: Any) -> dict[str, Any]:
    return {**CRASH, "histogram": list(histogram)}


def test_a_newer_bundle_corrects_its_hours_and_leaves_the_others(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(problems=[crash([EIGHT, 5], [NINE, 2])]))
    vendor.receive(site.mail(problems=[crash([NINE, 7], [TEN, 1])]))
    assert hours(vendor.store, 1) == [(EIGHT, 5), (NINE, 7), (TEN, 1)]


def test_order_and_copies_of_bundles_change_nothing(vendor: Vendor) -> None:
    site = vendor.add_site()
    mails = [
        site.mail(problems=[crash([EIGHT, 1])]),
        site.mail(problems=[crash([EIGHT, 5], [NINE, 2])]),
        site.mail(problems=[crash([NINE, 7])]),
    ]
    for place in (2, 0, 1, 0, 2):
        vendor.receive(mails[place])
    assert hours(vendor.store, 1) == [(EIGHT, 5), (NINE, 7)]


def test_sites_and_problems_are_counted_apart_and_shown_together(vendor: Vendor) -> None:
    north, south = vendor.add_site("North"), vendor.add_site("South")
    south.mail()  # its second bundle says less than North's first, and both hold
    vendor.receive(
        north.mail(problems=[crash([EIGHT, 5]), {**crash([EIGHT, 9]), "fingerprint": "f2"}])
    )
    vendor.receive(south.mail(problems=[crash([EIGHT, 1], [NINE, 2])]))
    assert hours(vendor.store, 1) == [(EIGHT, 6), (NINE, 2)]
    assert hours(vendor.store, 2) == [(EIGHT, 9)]


@pytest.mark.parametrize(
    "odd", [None, 7, "x", {}, [[EIGHT]], [["x", 1]], [[EIGHT, -1]], [[EIGHT, "1"]], [[[], 1]]]
)
def test_an_odd_histogram_keeps_no_news_out(vendor: Vendor, odd: Any) -> None:
    vendor.receive(vendor.add_site().mail(problems=[{**CRASH, "histogram": odd}]))
    assert vendor.count("problems") == 1
    assert hours(vendor.store, 1) == []


def test_a_count_beyond_every_number_is_cut(vendor: Vendor) -> None:
    vendor.receive(vendor.add_site().mail(problems=[crash(["2026-11-21T08:59:59.999Z", 10**40])]))
    assert hours(vendor.store, 1) == [(EIGHT, 2**53)]
