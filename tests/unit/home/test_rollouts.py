from __future__ import annotations

from typing import Any

from home import fleet, rollouts
from tests.support.vendor import Site, Vendor


def rollout(**changes: Any) -> dict[str, Any]:
    ring = {"ring": "canary", "open": True, "clients": 3, "installed": 2, "failed": 1}
    last = {"ring": "all", "open": False, "clients": 7, "before": 6, "silent": 1}
    return {
        "product": "companion", "channel": "stable", "version": "1.0.2",
        "began_at": "2026-11-21T08:00:00.000Z", "done_at": None, "state": "halted",
        "sentence": "1.0.2 did not hold on seat-1", "sentence_zh": "未能稳定运行",
        "rings": [ring, last], **changes,
    }  # fmt: skip


def tell(site: Site, *told: Any) -> None:
    site.vendor.receive(site.mail(rollouts=list(told)))


def test_a_sites_rollout_is_kept_with_its_numbers(vendor: Vendor) -> None:
    site = vendor.add_site("West")
    tell(site, rollout())
    (one,) = rollouts.spreads(vendor.store, "companion", "1.0.2")
    assert (one.site_name, one.channel, one.state) == ("West", "stable", "halted")
    assert one.counts["installed"] == 2
    assert one.counts["failed"] == 1
    assert one.clients == 10
    assert [ring["clients"] for ring in one.rings] == [3, 7]


def test_a_late_bundle_turns_nothing_back(vendor: Vendor) -> None:
    site = vendor.add_site()
    late = site.mail(rollouts=[rollout(state="going")])
    tell(site, rollout())
    vendor.receive(late)
    assert [one.state for one in rollouts.spreads(vendor.store)] == ["halted"]


def test_all_sites_together(vendor: Vendor) -> None:
    for name in ("West", "East"):
        tell(vendor.add_site(name), rollout())
    assert rollouts.by_release(vendor.store)["companion", "1.0.2"]["installed"] == 4
    assert [one.site_name for one in rollouts.spreads(vendor.store)] == ["East", "West"]


def test_a_site_lists_what_goes_on_first(vendor: Vendor) -> None:
    site = vendor.add_site()
    old = rollout(version="1.0.1", state="done", began_at="2026-11-21T09:00:00.000Z")
    tell(site, old, rollout())
    assert [name for name, _one in rollouts.of_site(vendor.store, site.id)] == [
        "companion 1.0.2",
        "companion 1.0.1",
    ]


def test_odd_words_of_a_site_become_nothing(vendor: Vendor) -> None:
    site = vendor.add_site()
    odd = rollout(state=["<b>"], rings=[{"ring": {}, "installed": -5, "failed": "x"}, 7],
                  began_at=3, sentence=None)  # fmt: skip
    tell(site, odd, {"product": ""}, "x", rollout(version="1.0.3", rings=None))
    first, second = rollouts.spreads(vendor.store)
    assert (first.state, first.clients, first.began_at) == ("", 0, "")
    assert second.rings == []


def test_a_return_that_the_site_ordered_is_no_failure(vendor: Vendor) -> None:
    site = vendor.add_site()
    content = {"receipts": [site.receipt(outcome="returned", reason="as the site asked")]}
    vendor.receive(site.mail(content, clients=[site.client()]))
    assert fleet.failures(vendor.store) == []
    assert fleet.progress(vendor.store, "companion", "1.0.1") == {"returned": 1}
