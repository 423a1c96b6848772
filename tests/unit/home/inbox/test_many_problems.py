from __future__ import annotations

from home.inbox.problems import Filter, how_many, list_problems, problem
from tests.support.many_problems import fill
from tests.support.vendor import Vendor


def test_pages_of_a_long_list_hold_every_problem_once(vendor: Vendor) -> None:
    fill(vendor.store, 60, 12, hours=2)
    for sort in ("waiting", "latest", "newest", "busiest"):
        by = Filter(sort=sort)
        pages = [list_problems(vendor.store, by, 25, offset) for offset in (0, 25, 50, 75)]
        assert [len(page) for page in pages] == [25, 25, 10, 0]
        assert len({row["id"] for page in pages for row in page}) == how_many(vendor.store, by)
    counts = [row["count"] for row in list_problems(vendor.store, Filter(sort="busiest"))]
    assert counts == sorted(counts, reverse=True)


def test_lists_say_what_the_pages_say(vendor: Vendor) -> None:
    fill(vendor.store, 20, 12, hours=2)
    for row in list_problems(vendor.store, Filter(site="site-003")):
        found = problem(vendor.store, row["id"])
        assert found is not None
        assert row["count"] == sum(one["count"] for one in found["sightings"])
        assert "site-003" in {one["site"] for one in found["sightings"]}


def test_the_first_page_and_the_sites_filter_use_their_indexes(vendor: Vendor) -> None:
    plan = vendor.store.rows(
        "EXPLAIN QUERY PLAN SELECT problem FROM summaries s"
        " ORDER BY s.open DESC, s.last_seen DESC, s.problem LIMIT 50"
    )
    assert "summaries_waiting" in plan[0]["detail"]
    plan = vendor.store.rows("EXPLAIN QUERY PLAN SELECT problem FROM sightings WHERE site = 'x'")
    assert "sightings_by_site" in plan[0]["detail"]
