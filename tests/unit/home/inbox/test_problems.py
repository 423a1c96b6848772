from __future__ import annotations

from home.inbox.problems import Filter, list_problems, mark_seen, problem, programs
from tests.support.vendor import CRASH, Vendor

OTHER = {
    **CRASH,
    "fingerprint": "f2",
    "program": "appliance",
    "title": "100% 'odd' failure",
    "type": "KeyError",
    "last_seen": "2026-11-21T08:45:00.000Z",
}


def titles(vendor: Vendor, **by: str) -> list[str]:
    return [row["type"] for row in list_problems(vendor.store, Filter(**by))]


def test_two_sites_add_up(vendor: Vendor) -> None:
    north, south = vendor.add_site("North"), vendor.add_site("South")
    vendor.receive(north.mail(problems=[CRASH]))
    vendor.receive(
        south.mail(
            problems=[{**CRASH, "count": 4, "machines": ["desk"], "releases": ["companion@1.0.1"]}]
        )
    )
    (row,) = list_problems(vendor.store)
    assert (row["count"], row["sites"]) == (7, ["North", "South"])
    assert row["since_release"] == "companion@1.0.0"
    assert row["machines"] == ["desk", "seat-1"]
    assert row["releases"] == ["companion@1.0.0", "companion@1.0.1"]
    found = problem(vendor.store, row["id"])
    assert found is not None
    assert [(s["site_name"], s["count"]) for s in found["sightings"]] == [
        ("South", 4),
        ("North", 3),
    ]


def test_same_fingerprint_of_another_program_is_another_problem(vendor: Vendor) -> None:
    vendor.receive(vendor.add_site().mail(problems=[CRASH, {**CRASH, "program": "desk"}]))
    assert len(list_problems(vendor.store)) == 2
    assert programs(vendor.store) == ["companion", "desk"]


def test_filters_narrow(vendor: Vendor) -> None:
    site, empty = vendor.add_site(), vendor.add_site("Empty")
    vendor.receive(site.mail(problems=[CRASH, OTHER]))
    assert titles(vendor) == ["KeyError", "ZeroDivisionError"]
    assert titles(vendor, search="ZERO division") == ["ZeroDivisionError"]
    assert titles(vendor, search="100%") == ["KeyError"]
    assert titles(vendor, search="%") == ["KeyError"]
    assert titles(vendor, search="'odd'") == ["KeyError"]
    assert titles(vendor, program="appliance") == ["KeyError"]
    assert titles(vendor, site=empty.id) == []
    assert titles(vendor, site=site.id, status="new") == ["KeyError", "ZeroDivisionError"]
    assert titles(vendor, status="regression") == []


def test_a_seen_problem_needs_a_person_again_after_a_regression(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(problems=[CRASH]))
    (row,) = list_problems(vendor.store, Filter(status="open"))
    assert mark_seen(vendor.store, row["id"], "lin", vendor.clock)
    assert titles(vendor, status="open") == []
    assert titles(vendor, status="seen") == ["ZeroDivisionError"]
    vendor.receive(site.mail(problems=[{**CRASH, "status": "known", "count": 9}]))
    assert titles(vendor, status="open") == []
    vendor.receive(site.mail(problems=[{**CRASH, "status": "regression", "count": 10}]))
    assert titles(vendor, status="open") == ["ZeroDivisionError"]


def test_an_unknown_problem_is_none(vendor: Vendor) -> None:
    assert problem(vendor.store, 7) is None
    assert not mark_seen(vendor.store, 7, "lin", vendor.clock)
