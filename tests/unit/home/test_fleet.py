from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from home import fleet
from home.ways import FromBase, ways
from tests.support.vendor import Site, Vendor

EARLY, LATE = "2026-11-21T08:00:00.000Z", "2026-11-21T08:30:00.000Z"


def tell(site: Site, *receipts: object, **changes: object) -> None:
    content = {"receipts": list(receipts)}
    site.vendor.receive(site.mail(content, **{"clients": [site.client()], **changes}))


def test_a_clients_receipt_is_checked_with_the_key_its_bundle_names(vendor: Vendor) -> None:
    site = vendor.add_site("West")
    tell(site, site.receipt())
    (row,) = fleet.receipts(vendor.store)
    assert (row["doubt"], row["site_name"], row["client_name"]) == ("", "West", "seat-1")


def test_a_receipt_signed_by_another_key_is_kept_with_doubt(vendor: Vendor) -> None:
    site = vendor.add_site()
    honest = site.client()
    site.client_key = Ed25519PrivateKey.generate()
    tell(site, site.receipt(), clients=[honest])
    assert [row["doubt"] for row in fleet.receipts(vendor.store)] == ["signature"]
    assert [row["doubt"] for row in fleet.failures(vendor.store)] == ["signature"]
    assert fleet.latest(vendor.store) == []
    assert fleet.progress(vendor.store, "companion", "1.0.1") == {}


def test_a_receipt_of_an_unnamed_client_is_kept_with_doubt(vendor: Vendor) -> None:
    site = vendor.add_site()
    tell(site, site.receipt(), clients=[])
    assert [row["doubt"] for row in fleet.receipts(vendor.store)] == ["unknown-client"]


def test_a_receipt_that_comes_in_two_bundles_counts_once(vendor: Vendor) -> None:
    site = vendor.add_site()
    receipt = site.receipt()
    tell(site, receipt)
    tell(site, receipt)
    assert fleet.progress(vendor.store, "companion", "1.0.1") == {"committed": 1}


def test_deltas_that_failed_are_added_up_by_the_release_before(vendor: Vendor) -> None:
    site = vendor.add_site()
    unfit = {"by": "full", "bytes": 900, "delta_refused": "The delta is cut off."}
    told = [
        site.receipt(id="1", way={"by": "delta", "bytes": 5, "delta_refused": ""}),
        site.receipt(id="2", way=unfit),
        site.receipt(id="3", way=unfit, outcome="rolled_back"),
        site.receipt(id="4", from_version=None, way={"by": "full", "bytes": 900}),
        site.receipt(id="5"),
        site.receipt(id="6", way={"by": ["x"], "bytes": -1, "delta_refused": 7}),
    ]
    tell(site, *told)
    before, nothing = ways(vendor.store, "companion", "1.0.1")
    assert before == FromBase(
        "1.0.0", by_delta=1, by_full=2, bytes=1805, unfit=2, reasons=[("The delta is cut off.", 2)]
    )
    assert (nothing.base, nothing.by_full, nothing.unfit) == ("", 1, 0)


def test_progress_takes_each_clients_last_word(vendor: Vendor) -> None:
    site = vendor.add_site()
    failed = site.receipt(id="a", outcome="failed", at=EARLY)
    tell(site, site.receipt(id="b", at=LATE))
    tell(site, failed)
    assert fleet.progress(vendor.store, "companion", "1.0.1") == {"committed": 1}
    (row,) = fleet.latest(vendor.store)
    assert row["id"] == "b"


def test_a_failure_is_told_with_reason_and_log_until_a_good_one_follows(vendor: Vendor) -> None:
    site = vendor.add_site()
    tell(
        site,
        site.receipt(
            id="a",
            version="1.0.2",
            outcome="rolled_back",
            reason="It did not answer.",
            log_tail=["boom"],
            at=EARLY,
        ),
    )
    (row,) = fleet.failures(vendor.store)
    assert (row["reason"], row["log_tail"]) == ("It did not answer.", ["boom"])
    tell(site, site.receipt(id="b", version="1.0.3", at=LATE))
    assert fleet.failures(vendor.store) == []


def test_a_late_bundle_does_not_turn_back_what_is_known_of_a_client(vendor: Vendor) -> None:
    site = vendor.add_site()
    old = site.mail(clients=[site.client(name="old")])
    tell(site, clients=[site.client(name="new")])
    vendor.receive(old)
    assert [row["name"] for row in fleet.clients(vendor.store)] == ["new"]


def test_refusals_of_sites_are_listed_once(vendor: Vendor) -> None:
    site = vendor.add_site()
    refusal = {"at": EARLY, "kind": "rollback", "sentence": "An old release was replayed."}
    tell(site, refusals=[refusal])
    tell(site, refusals=[refusal])
    (row,) = fleet.refusals(vendor.store)
    assert row["sentence"] == "An old release was replayed."
