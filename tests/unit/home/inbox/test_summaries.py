from __future__ import annotations

from home.inbox import summaries
from home.inbox.problems import Filter, list_problems
from tests.support.vendor import CRASH, Vendor


def found(vendor: Vendor, words: str) -> int:
    return len(list_problems(vendor.store, Filter(search=words)))


def test_a_problem_is_found_by_what_its_reports_said_and_where(vendor: Vendor) -> None:
    site = vendor.add_site("Hotel Adler")
    entry = {"id": "e1", "fingerprint": "f1", "program": "companion", "machine": "seat-9"}
    said = {"reports": {"e1": {"message": "trunk 7 did not answer"}}}
    vendor.receive(site.mail(said, problems=[CRASH], reports=[entry]))
    for words in ("TRUNK answer", "adler", "seat-1", "companion@1.0.0", "half zero", "f1"):
        assert found(vendor, words) == 1, words
    assert found(vendor, "trunk nothing") == 0


def test_what_reports_said_is_kept_in_bounds(vendor: Vendor) -> None:
    site = vendor.add_site()
    for n in range(30):
        entry = {"id": f"e{n}", "fingerprint": "f1", "program": "companion"}
        said = {"reports": {f"e{n}": {"message": f"call {n} " + "x" * 1000}}}
        vendor.receive(site.mail(said, problems=[CRASH], reports=[entry]))
    kept = vendor.store.value("SELECT messages FROM problems").splitlines()
    assert len(kept) == 20
    assert max(map(len, kept)) <= 300


def test_lists_of_an_older_version_are_made_up_at_the_start(vendor: Vendor) -> None:
    site = vendor.add_site()
    many = [{**CRASH, "fingerprint": f"f{n}"} for n in range(3)]
    vendor.receive(site.mail(problems=many))
    before = list_problems(vendor.store)
    vendor.store.execute("DELETE FROM summaries")
    assert list_problems(vendor.store) == []
    assert summaries.fill(vendor.store) == 3
    assert list_problems(vendor.store) == before
    assert summaries.fill(vendor.store) == 0
