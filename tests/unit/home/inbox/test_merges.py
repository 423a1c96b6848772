from __future__ import annotations

import json

import pytest

from common.errors import RefusedError
from common.wire.signing import public_text, verify
from home.inbox import fixes, histogram
from home.inbox.decisions import decide
from home.inbox.merges import merge, split
from home.inbox.problems import Filter, by_fingerprint, how_many, list_problems, problem
from tests.support.vendor import CRASH, Site, Vendor

EIGHT = "2026-11-21T08:00:00.000Z"
TWIN = {**CRASH, "fingerprint": "f2", "title": "ZeroDivisionError: by zero", "count": 4}


def told(vendor: Vendor, site: Site) -> dict[str, str]:
    path = vendor.acknowledger.write(site.id)
    said = verify(json.loads(path.read_text()), public_text(vendor.ack_key))
    return {one["fingerprint"]: one["release"] for one in said["resolved"]}


def two(vendor: Vendor) -> Site:
    site = vendor.add_site()
    hours = {"histogram": [[EIGHT, 2]]}
    vendor.receive(site.mail(problems=[{**CRASH, **hours}, {**TWIN, **hours}]))
    return site


def test_merged_problems_count_as_one_with_both_fingerprints(vendor: Vendor) -> None:
    two(vendor)
    assert merge(vendor.store, 1, 2, "lin", vendor.clock) == 1
    (row,) = list_problems(vendor.store)
    assert (row["id"], row["count"], row["sites"]) == (1, 7, ["North"])
    assert how_many(vendor.store) == 1
    for number in (1, 2):  # the old number still leads there
        found = problem(vendor.store, number)
        assert found is not None
        assert found["id"] == 1
        assert [one["fingerprint"] for one in found["members"]] == ["f1", "f2"]
    assert by_fingerprint(vendor.store, "f2") == [1]
    assert histogram.hours(vendor.store, 1) == [(EIGHT, 4)]
    assert len(list_problems(vendor.store, Filter(search="f2"))) == 1


def test_later_reports_of_either_fingerprint_land_in_the_merged_problem(vendor: Vendor) -> None:
    site = two(vendor)
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    vendor.receive(site.mail(problems=[{**TWIN, "count": 40, "status": "known"}]))
    (row,) = list_problems(vendor.store)
    assert row["count"] == 43


def test_taking_apart_gives_back_what_each_had_and_what_came_meanwhile(vendor: Vendor) -> None:
    site = two(vendor)
    before = {row["id"]: row["count"] for row in list_problems(vendor.store)}
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    vendor.receive(site.mail(problems=[{**TWIN, "count": 5, "status": "known"}]))
    assert split(vendor.store, 2, "lin", vendor.clock) == 1
    after = {row["id"]: row["count"] for row in list_problems(vendor.store)}
    assert after == {**before, 2: 5}


def test_what_was_merged_into_a_problem_goes_with_it(vendor: Vendor) -> None:
    site = two(vendor)
    vendor.receive(site.mail(problems=[{**CRASH, "fingerprint": "f3", "count": 1}]))
    merge(vendor.store, 2, 3, "lin", vendor.clock)
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    (row,) = list_problems(vendor.store)
    assert row["count"] == 8
    split(vendor.store, 3, "lin", vendor.clock)
    assert {row["id"]: row["count"] for row in list_problems(vendor.store)} == {1: 7, 3: 1}


def test_sites_are_told_of_each_of_their_own_fingerprints(vendor: Vendor) -> None:
    site = two(vendor)
    decide(vendor.store, 2, "resolved", "companion@0.9", "lin", vendor.clock)
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    assert told(vendor, site) == {}  # the head's decision holds, and there is none
    decide(vendor.store, 2, "resolved", "companion@1.0.1", "lin", vendor.clock)
    assert told(vendor, site) == {"f1": "companion@1.0.1", "f2": "companion@1.0.1"}
    split(vendor.store, 2, "lin", vendor.clock)
    assert told(vendor, site) == {"f1": "companion@1.0.1", "f2": "companion@0.9"}


def test_every_merge_makes_the_statement_newer(vendor: Vendor) -> None:
    two(vendor)
    numbers = [vendor.count("decisions")]
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    numbers.append(vendor.count("decisions"))
    split(vendor.store, 2, "lin", vendor.clock)
    numbers.append(vendor.count("decisions"))
    assert numbers == [0, 1, 2]


def test_a_site_that_saw_both_is_one_row(vendor: Vendor) -> None:
    site = two(vendor)
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    back = {"status": "regression", "came_back_in": "companion@1.0.2", "machines": ["seat-2"]}
    vendor.receive(site.mail(problems=[{**TWIN, **back, "count": 5}]))
    found = problem(vendor.store, 1)
    assert found is not None
    (row,) = found["sightings"]
    assert (row["count"], row["status"]) == (8, "regression")
    assert row["machines"] == ["seat-1", "seat-2"]
    assert row["came_back_in"] == "companion@1.0.2"


def test_what_cannot_be_merged_is_refused_and_changes_nothing(vendor: Vendor) -> None:
    site = two(vendor)
    vendor.receive(site.mail(problems=[{**CRASH, "program": "desk"}]))
    for other, kind in ((9, "unknown"), (1, "same"), (3, "program")):
        with pytest.raises(RefusedError) as refused:
            merge(vendor.store, 1, other, "lin", vendor.clock)
        assert refused.value.kind == kind
    with pytest.raises(RefusedError):
        split(vendor.store, 1, "lin", vendor.clock)
    assert how_many(vendor.store) == 3
    assert vendor.count("decisions") == 0


def test_a_fix_tells_where_it_held_and_where_it_came_back(vendor: Vendor) -> None:
    north, south = vendor.add_site("North"), vendor.add_site("South")
    client = {"clients": [north.client()]}
    vendor.receive(north.mail({"receipts": [north.receipt()]}, problems=[CRASH], **client))
    vendor.receive(south.mail(problems=[TWIN]))
    merge(vendor.store, 1, 2, "lin", vendor.clock)
    vendor.clock.advance(1)
    decide(vendor.store, 1, "resolved", "companion@1.0.1", "lin", vendor.clock)
    ((row, since),) = fixes.fixed_by(vendor.store, "companion", "1.0.1")
    assert row["id"] == 1
    assert (since.quiet, since.running, since.back) == (("North", "South"), 1, ())
    vendor.clock.advance(1)
    back = {**TWIN, "status": "regression", "came_back_in": "companion@1.0.2"}
    vendor.receive(south.mail(problems=[back]))
    ((row, since),) = fixes.fixed_by(vendor.store, "companion", "1.0.1")
    assert (since.quiet, since.back) == (("North",), (("South", "companion@1.0.2"),))
    assert row["state"] == "back"
