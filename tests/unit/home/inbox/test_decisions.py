from __future__ import annotations

import json

from common.wire.acknowledgement import MOST_RESOLVED
from common.wire.signing import public_text, verify
from home.inbox.decisions import decide, history
from home.inbox.problems import Filter, list_problems, problem
from tests.support.vendor import CRASH, Site, Vendor


def said(vendor: Vendor, site: Site) -> dict:
    path = vendor.acknowledger.write(site.id)
    return verify(json.loads(path.read_text()), public_text(vendor.ack_key))


def resolve(vendor: Vendor, number: int = 1, release: str = "companion@1.0.1") -> None:
    vendor.clock.advance(1)
    assert decide(vendor.store, number, "resolved", release, "lin", vendor.clock)


def shown(vendor: Vendor, status: str) -> int:
    return len(list_problems(vendor.store, Filter(status=status)))


def test_a_resolution_travels_to_the_sites_that_have_the_problem(vendor: Vendor) -> None:
    north, south = vendor.add_site("North"), vendor.add_site("South")
    vendor.receive(north.mail(problems=[CRASH]))
    vendor.receive(south.mail())
    resolve(vendor)
    one = {"program": "companion", "fingerprint": "f1", "release": "companion@1.0.1"}
    assert (said(vendor, north)["resolved"], said(vendor, south)["resolved"]) == ([one], [])
    resolve(vendor, release="companion@1.0.2")
    assert said(vendor, north)["resolved"] == [{**one, "release": "companion@1.0.2"}]
    before = said(vendor, north)["resolved_as_of"]
    assert decide(vendor.store, 1, "open", "", "lin", vendor.clock)
    after = said(vendor, north)
    assert after["resolved"] == []
    assert after["resolved_as_of"] > before


def test_a_statement_names_the_last_ones_decided(vendor: Vendor) -> None:
    site = vendor.add_site()
    many = [{**CRASH, "fingerprint": f"f{n}"} for n in range(MOST_RESOLVED + 2)]
    vendor.receive(site.mail(problems=many))
    for number in range(1, len(many) + 1):
        decide(vendor.store, number, "resolved", "1.0", "lin", vendor.clock)
    names = [one["fingerprint"] for one in said(vendor, site)["resolved"]]
    assert len(names) == MOST_RESOLVED
    assert names[0] == f"f{MOST_RESOLVED + 1}"
    assert "f1" not in names


def test_what_is_resolved_waits_for_nobody_until_it_comes_back(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(problems=[CRASH]))
    resolve(vendor)
    assert [shown(vendor, word) for word in ("open", "new", "seen", "resolved")] == [0, 0, 0, 1]
    vendor.receive(site.mail(problems=[{**CRASH, "count": 5, "status": "known"}]))
    assert shown(vendor, "open") == 0
    back = {**CRASH, "count": 6, "status": "regression", "came_back_in": "companion@1.0.2"}
    vendor.receive(site.mail(problems=[back]))
    (row,) = list_problems(vendor.store, Filter(status="open"))
    assert (row["status"], row["state"]) == ("regression", "back")
    assert (row["resolved_in"], row["came_back_in"]) == ("companion@1.0.1", "companion@1.0.2")
    vendor.receive(site.mail(problems=[{**back, "count": 7, "status": "known"}]))
    (row,) = list_problems(vendor.store, Filter(status="regression"))
    assert row["came_back_in"] == "companion@1.0.2"
    resolve(vendor, release="companion@1.0.3")
    assert [shown(vendor, word) for word in ("open", "regression", "resolved")] == [0, 0, 1]


def test_what_is_ignored_stays_away_and_can_be_taken_back(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail(problems=[CRASH]))
    assert decide(vendor.store, 1, "ignored", "", "lin", vendor.clock)
    vendor.receive(site.mail(problems=[{**CRASH, "status": "regression", "count": 9}]))
    assert [shown(vendor, word) for word in ("open", "regression", "ignored")] == [0, 0, 1]
    assert decide(vendor.store, 1, "open", "", "lin", vendor.clock)
    assert [shown(vendor, word) for word in ("open", "ignored")] == [1, 0]


def test_every_decision_stays_with_who_and_when(vendor: Vendor) -> None:
    vendor.receive(vendor.add_site().mail(problems=[CRASH]))
    assert decide(vendor.store, 1, "assigned", "wei", "lin", vendor.clock)
    resolve(vendor)
    assert [(one["kind"], one["value"], one["who"]) for one in history(vendor.store, 1)] == [
        ("resolved", "companion@1.0.1", "lin"),
        ("assigned", "wei", "lin"),
    ]
    found = problem(vendor.store, 1)
    assert found is not None
    assert (found["assigned_to"], found["resolved_in"]) == ("wei", "companion@1.0.1")


def test_an_unknown_problem_cannot_be_decided(vendor: Vendor) -> None:
    assert not decide(vendor.store, 7, "ignored", "", "lin", vendor.clock)
