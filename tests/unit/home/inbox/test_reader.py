"""Mails of honest sites, whatever way and order they come in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.wire.signing import public_text, verify
from home.inbox.chain import breaks, chain, gaps
from tests.support.vendor import CRASH, Vendor


def acknowledged(vendor: Vendor, site: str) -> dict[str, Any]:
    signed = json.loads((vendor.folder / "acks" / f"{site}.json").read_text())
    return verify(signed, public_text(vendor.ack_key))


def waiting(vendor: Vendor) -> list[str]:
    return vendor.maildir.names()


def test_first_bundle_enrols_stores_and_is_acknowledged(vendor: Vendor) -> None:
    site = vendor.add_site()
    outcome = vendor.receive(site.mail(problems=[CRASH]))
    assert (outcome.what, outcome.site, outcome.sequence) == ("stored", "North", 1)
    row = vendor.store.row("SELECT * FROM sites")
    assert row is not None
    assert row["public_key"] == public_text(site.key)
    assert row["enrolment_secret"] is None
    assert vendor.count("problems") == 1
    assert waiting(vendor) == []
    said = acknowledged(vendor, site.id)
    assert said["acknowledged"] == [{"sequence": 1, "sha256": site.previous}]
    assert said["missing"] == []


def test_reports_belong_to_their_problem(vendor: Vendor) -> None:
    site = vendor.add_site()
    entry = {"id": "e1", "fingerprint": "f1", "received_at": CRASH["last_seen"], "machine": "s"}
    content = {"reports": {"e1": {"event_id": "e1"}}, "raw": {"q1": b"\xffnot json"}}
    vendor.receive(site.mail(content, problems=[CRASH], reports=[entry]))
    rows = vendor.store.rows("SELECT id, problem, machine, raw FROM reports ORDER BY id")
    assert rows[0] == {"id": "e1", "problem": 1, "machine": "s", "raw": None}
    assert rows[1]["id"] == "raw-1-q1"
    assert rows[1]["raw"] == b"\xffnot json"
    assert rows[1]["problem"] is None


def test_killed_between_commit_and_move_the_second_run_finishes(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = vendor.add_site()
    vendor.maildir.deliver(site.mail(problems=[CRASH]))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(vendor.acknowledger, "write", killed)
        with pytest.raises(KeyboardInterrupt):
            vendor.read()
    assert vendor.count("bundles") == 1
    assert len(waiting(vendor)) == 1
    assert not (vendor.folder / "acks").exists()
    (outcome,) = vendor.read()
    assert outcome.what == "duplicate"
    assert vendor.count("bundles") == 1
    assert vendor.store.value("SELECT count FROM sightings") == 3
    assert waiting(vendor) == []
    assert len(acknowledged(vendor, site.id)["acknowledged"]) == 1


def test_killed_between_acknowledgement_and_move(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = vendor.add_site()
    vendor.maildir.deliver(site.mail())

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(vendor.maildir, "accept", killed)
        with pytest.raises(KeyboardInterrupt):
            vendor.read()
    assert [o.what for o in vendor.read()] == ["duplicate"]
    assert waiting(vendor) == []


def test_the_same_mail_twice_is_one_bundle(vendor: Vendor) -> None:
    site = vendor.add_site()
    mail = site.mail(problems=[CRASH])
    vendor.maildir.deliver(mail)
    vendor.maildir.deliver(mail)
    assert [o.what for o in vendor.read()] == ["stored", "duplicate"]
    assert vendor.receive(mail).what == "duplicate"
    assert vendor.count("bundles") == 1
    assert vendor.store.value("SELECT count FROM sightings") == 3


def test_a_resent_old_bundle_is_acknowledged_again(vendor: Vendor) -> None:
    site = vendor.add_site()
    first = site.mail()
    vendor.receive(first)
    sha256 = site.previous
    for _ in range(2):
        vendor.receive(site.mail())
    vendor.store.execute("UPDATE bundles SET heard_again_at = '2000' WHERE sequence = 1")
    vendor.receive(first)
    assert {"sequence": 1, "sha256": sha256} in acknowledged(vendor, site.id)["acknowledged"]
    newest = "SELECT sequence FROM bundles ORDER BY heard_again_at DESC LIMIT 1"
    assert vendor.store.value(newest) == 1


def test_a_gap_is_told_and_closes_when_the_bundle_comes(vendor: Vendor) -> None:
    site = vendor.add_site()
    first, second, third = site.mail(), site.mail(), site.mail()
    vendor.receive(first)
    vendor.receive(third)
    (gap,) = gaps(vendor.store)
    assert gap.sentence == "site North: bundle 2 is missing"
    assert acknowledged(vendor, site.id)["missing"] == [2]
    assert set(chain(vendor.store, [1, 2]).values()) == {"whole", "open"}
    vendor.receive(second)
    assert gaps(vendor.store) == []
    assert acknowledged(vendor, site.id)["missing"] == []
    assert set(chain(vendor.store, [1, 2]).values()) == {"whole"}


def test_a_jump_of_the_sequence_stays_a_short_list(vendor: Vendor) -> None:
    site = vendor.add_site()
    site.sequence = 10**12
    vendor.receive(site.mail())
    (gap,) = gaps(vendor.store)
    assert (gap.first, gap.last) == (1, 10**12)
    assert acknowledged(vendor, site.id)["missing"] == list(range(1, 201))


def test_counts_are_those_of_the_highest_sequence_in_any_order(vendor: Vendor) -> None:
    site = vendor.add_site()
    early = {**CRASH, "count": 3, "machines": ["seat-1"]}
    late = {**CRASH, "count": 9, "status": "known", "machines": ["seat-2"],
            "first_seen": CRASH["last_seen"], "last_seen": "2026-11-21T08:50:00.000Z"}  # fmt: skip
    mails = [site.mail(problems=[early]), site.mail(problems=[late])]
    for mail in reversed(mails):
        vendor.receive(mail)
    row = vendor.store.row("SELECT * FROM sightings")
    assert row is not None
    assert (row["count"], row["status"], row["sequence"]) == (9, "known", 2)
    assert row["first_seen"] == CRASH["first_seen"]
    assert row["last_seen"] == "2026-11-21T08:50:00.000Z"
    assert json.loads(row["machines"]) == ["seat-1", "seat-2"]


def test_a_broken_chain_is_reported(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail())
    site.previous = "0" * 64
    vendor.receive(site.mail())
    assert [(b["sequence"], b["chain"]) for b in breaks(vendor.store)] == [(2, "broken")]


def test_two_bundles_of_one_sequence_are_both_kept_and_reported(vendor: Vendor) -> None:
    site = vendor.add_site()
    vendor.receive(site.mail())
    site.sequence, site.previous = 0, None
    assert vendor.receive(site.mail(reason="alive")).what == "stored"
    assert [b["chain"] for b in breaks(vendor.store)] == ["fork", "fork"]
    assert len(acknowledged(vendor, site.id)["acknowledged"]) == 2


def test_trouble_of_this_machine_leaves_the_mail_for_later(
    vendor: Vendor, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = vendor.add_site()
    vendor.maildir.deliver(site.mail())

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(vendor.acknowledger, "write", full)
        assert [o.what for o in vendor.read()] == ["later"]
    assert [o.what for o in vendor.read()] == ["duplicate"]


def test_same_problem_at_two_sites_is_one_problem(vendor: Vendor) -> None:
    for name in ("North", "South"):
        vendor.receive(vendor.add_site(name).mail(problems=[CRASH]))
    assert vendor.count("problems") == 1
    assert vendor.count("sightings") == 2
