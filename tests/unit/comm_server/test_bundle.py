from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from email import message_from_bytes, policy

import pytest

from comm_server.mail import compose as composing
from common.clock import stamp
from common.errors import RefusedError
from common.wire.bundle import enrolment_mac
from common.wire.signing import public_text
from tests.support.site import TestSite, VendorKeys, attachment, crash


def noise(number: int, size: int, **extra: object) -> dict:
    """A report that no compressor makes smaller."""
    return crash(number, extra={"noise": os.urandom(size // 2).hex()}, **extra)


def most(site: TestSite, size: int) -> None:
    settings = site.parts.settings.current
    bundle = replace(settings.bundle, most_bytes=size)
    site.parts.settings.current = replace(settings, bundle=bundle)


def test_what_is_frozen_opens_at_the_vendor_with_all_it_tells(site: TestSite):
    site.report(crash(1), crash(2, kind="KeyError", release="companion@1.0.1"))
    number = site.bundle("urgent")
    opened = site.opened(number)
    manifest = opened.bundle.manifest
    assert (opened.site, opened.sequence) == (site.parts.site.site, 1)
    assert opened.public_key == public_text(site.parts.site.key)
    assert manifest["reason"] == "urgent"
    assert [p["type"] for p in manifest["problems"]] == ["ZeroDivisionError", "KeyError"]
    assert {p["status"] for p in manifest["problems"]} == {"new"}
    assert set(opened.bundle.reports) == {f"{1:032x}", f"{2:032x}"}
    assert opened.bundle.reports[f"{1:032x}"]["exception"] == crash(1)["exception"]
    assert manifest["totals"] == {"reports": 2, "problems": 2}
    secret = site.parts.site.enrolment_secret
    assert manifest["enrolment"]["mac"] == enrolment_mac(secret, opened.site, opened.public_key)


def test_another_vendor_cannot_open_it(site: TestSite):
    number = site.bundle()
    with pytest.raises(RefusedError, match="not ours"):
        VendorKeys().unseal(attachment(site.mail(number)))


def test_sequence_has_no_gaps_and_each_names_the_hash_of_the_one_before(site: TestSite):
    for number in range(1, 5):
        site.report(crash(number))
        assert site.bundle() == number
    before = None
    for number in range(1, 5):
        opened = site.opened(number)
        assert opened.bundle.manifest["previous"] == before
        before = hashlib.sha256(attachment(site.mail(number))).hexdigest()
        kept = site.store.value("SELECT sha256 FROM bundles WHERE sequence = ?", (number,))
        assert kept == before == opened.sha256


def test_what_was_told_is_not_told_again(site: TestSite):
    site.report(crash(1))
    site.bundle()
    again = site.opened(site.bundle()).bundle
    assert again.manifest["problems"] == []
    assert again.reports == {}


def test_a_known_problem_seen_again_is_known(site: TestSite):
    site.report(crash(1))
    site.bundle()
    site.report(crash(2))
    (problem,) = site.opened(site.bundle()).bundle.manifest["problems"]
    assert (problem["status"], problem["count"]) == ("known", 2)


def test_new_problems_come_first(site: TestSite):
    site.report(crash(1))
    site.bundle()
    site.report(*(crash(n) for n in range(2, 9)), crash(9, kind="KeyError"))
    bundle = site.opened(site.bundle()).bundle
    assert [p["type"] for p in bundle.manifest["problems"]] == ["KeyError", "ZeroDivisionError"]
    assert bundle.manifest["reports"][0]["id"] == f"{9:032x}"


def test_too_many_reports_are_split_over_bundles_and_none_is_lost(site: TestSite):
    most(site, 40_000)
    site.report(*(noise(n, 16_000, kind=f"E{n}") for n in range(1, 8)))
    arrived: set[str] = set()
    while site.store.value("SELECT count(*) FROM reports WHERE bundle IS NULL"):
        number = site.bundle()
        assert number < 20
        assert len(attachment(site.mail(number))) <= 40_000
        bundle = site.opened(number).bundle
        told = {problem["fingerprint"] for problem in bundle.manifest["problems"]}
        assert {entry["fingerprint"] for entry in bundle.manifest["reports"]} <= told
        assert not arrived & set(bundle.reports)
        arrived |= set(bundle.reports)
    assert arrived == {f"{n:032x}" for n in range(1, 8)}


def test_what_had_no_room_follows_at_once_and_no_mail_is_too_large(site: TestSite):
    most(site, 40_000)
    site.report(*(noise(n, 16_000) for n in range(1, 6)))
    site.bundle()
    assert site.store.value("SELECT count(*) FROM reports WHERE bundle IS NULL")
    assert site.parts.courier.due() == "scheduled"  # at once
    numbers = []
    while site.parts.courier.due():
        numbers.append(site.bundle())
    assert not site.store.value("SELECT count(*) FROM reports WHERE bundle IS NULL")
    assert len(numbers) in {1, 2, 3, 4}
    assert all(len(site.mail(n)) <= 40_000 for n in (1, *numbers))


def test_what_fits_no_mail_at_all_is_told_and_does_not_hold_up_the_rest(site: TestSite):
    most(site, 64_000)
    site.take(os.urandom(200_000))
    site.report(noise(1, 200_000), crash(2, kind="KeyError"))
    bundle = site.opened(site.bundle()).bundle
    assert set(bundle.reports) == {f"{2:032x}"}
    assert bundle.raw == {}
    assert bundle.manifest["dropped"] == {"too large for a mail": 2}
    again = site.opened(site.bundle()).bundle
    assert again.manifest["dropped"] == {}
    site.clock.advance(3600)
    assert site.parts.courier.due() is None


def test_more_new_problems_than_a_mail_holds_come_in_several(site: TestSite):
    most(site, 24_000)
    site.report(
        *(crash(n, kind=os.urandom(40).hex(), release=os.urandom(40).hex()) for n in range(1, 121))
    )
    told: set[str] = set()
    while site.store.value("SELECT count(*) FROM problems WHERE count > mailed_count"):
        number = site.bundle()
        assert number < 30
        assert len(attachment(site.mail(number))) <= 24_000
        told |= {p["fingerprint"] for p in site.opened(number).bundle.manifest["problems"]}
    assert len(told) == 120


def test_poison_goes_home_as_it_came_until_it_was_acknowledged(site: TestSite):
    site.take(b"not an envelope")
    site.report()
    number = site.bundle()
    bundle = site.opened(number).bundle
    ((name, raw),) = bundle.raw.items()
    assert raw == b"not an envelope"
    (entry,) = bundle.manifest["quarantined"]
    assert entry["id"] == name
    assert "JSON" in entry["error"]
    assert site.store.value("SELECT body FROM raw") is not None
    site.acknowledge(number)
    assert site.store.value("SELECT body FROM raw") is None
    assert site.opened(site.bundle()).bundle.raw == {}


def test_a_kill_between_collecting_and_freezing_loses_nothing(site: TestSite):
    site.report(crash(1))
    collector = site.parts.courier._collector
    lost = collector.collect("scheduled", 10**6)
    again = collector.collect("scheduled", 10**6)
    assert again.selection == lost.selection
    assert again.bundle.manifest["sequence"] == lost.bundle.manifest["sequence"] == 1
    assert set(site.opened(site.bundle()).bundle.reports) == {f"{1:032x}"}


def test_what_arrives_between_collecting_and_freezing_waits_for_the_next(site: TestSite):
    site.report(crash(1))
    collected = site.parts.courier._collector.collect("scheduled", 10**6)
    site.report(crash(2), crash(3, kind="KeyError"))
    site.parts.outbox.freeze(collected, composing_mail(site, collected))
    bundle = site.opened(site.bundle()).bundle
    assert set(bundle.reports) == {f"{2:032x}", f"{3:032x}"}
    assert {p["type"]: p["count"] for p in bundle.manifest["problems"]} == {
        "ZeroDivisionError": 2,
        "KeyError": 1,
    }


def test_freezing_is_one_transaction(site: TestSite):
    site.report(crash(1))
    site.store.execute(
        "CREATE TRIGGER fails BEFORE DELETE ON tallies BEGIN SELECT raise(ABORT, 'killed'); END"
    )
    site.store.execute("INSERT INTO tallies VALUES ('dropped', 'why', 1)")
    collected = site.parts.courier._collector.collect("scheduled", 10**6)
    with pytest.raises(Exception):  # noqa: B017, PT011 - whatever it is, nothing may be written
        site.parts.outbox.freeze(collected, composing_mail(site, collected))
    assert site.store.value("SELECT count(*) FROM bundles") == 0
    assert site.store.value("SELECT mailed_count FROM problems") == 0
    assert site.store.value("SELECT bundle FROM reports") is None


def test_two_makers_at_once_make_two_numbers(site: TestSite, monkeypatch: pytest.MonkeyPatch):
    """`callstead comm bundle` beside the server: the slower one collects again."""
    site.report(crash(1))
    courier = site.parts.courier
    collect = courier._collector.collect
    faster = []

    def slow(reason: str, size: int):
        collected = collect(reason, size)
        if not faster:
            faster.append(True)
            first = collect(reason, size)
            faster[0] = site.parts.outbox.freeze(first, composing_mail(site, first))
        return collected

    monkeypatch.setattr(courier._collector, "collect", slow)
    assert courier.make_bundle("scheduled") == 2
    assert set(site.opened(1).bundle.reports) == {f"{1:032x}"}
    assert site.opened(2).bundle.reports == {}
    assert site.opened(2).bundle.manifest["previous"] == site.opened(1).sha256


def test_the_mail_carries_the_sealed_bundle_and_names_it(site: TestSite):
    number = site.bundle()
    message = message_from_bytes(site.mail(number), policy=policy.default)
    (part,) = message.iter_attachments()
    assert part.get_filename() == "bundle-000001.csb"
    assert part.get_content_type() == "application/octet-stream"
    digest = hashlib.sha256(attachment(site.mail(number))).hexdigest()
    assert message["Message-ID"].startswith(f"<{site.parts.site.site}.1.{digest[:16]}@")
    assert site.mail(number).isascii()  # no relay on the way has a reason to change it
    assert max(len(line) for line in site.mail(number).split(b"\r\n")) <= 998


class TestDue:
    def test_a_fresh_site_introduces_itself_at_once(self, site: TestSite):
        assert site.parts.courier.due() == "alive"

    def test_a_new_problem_is_urgent_after_a_moment(self, site: TestSite):
        site.bundle("alive")
        site.report(crash(1))
        assert site.parts.courier.due() is None
        site.clock.advance(5)
        assert site.parts.courier.due() == "urgent"

    def test_a_clock_set_back_by_years_makes_nothing_wait_for_years(self, site: TestSite):
        now = site.clock.now()
        site.clock.jump(now.replace(year=2031))
        site.report(crash(1))
        for _ in range(12):
            site.bundle("urgent")
        site.clock.jump(now)
        site.report(crash(2, kind="KeyError"))
        site.clock.advance(5)
        assert site.parts.courier.due() == "urgent"
        site.bundle("urgent")
        assert site.parts.courier.due() is None

    def test_a_client_with_a_wrong_clock_does_not_delay_or_stop_the_mail(self, site: TestSite):
        site.bundle("alive")
        future = stamp(site.clock.now().replace(year=2040))
        site.store.execute(
            "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
            "joined_at) VALUES ('c-1', 'seat', 'linux', 'f', 'k', ?)",
            (site.now,),
        )
        statement = {
            "id": "r1", "client": "c-1", "product": "companion", "version": "1.0.2",
            "outcome": "failed", "reason": "it died", "at": future,
        }  # fmt: skip
        site.parts.rollout.keep_receipt("c-1", statement, {"statement": statement})
        site.clock.advance(5)
        assert site.parts.courier.due() == "urgent"


def composing_mail(site: TestSite, collected):
    return composing.compose(
        collected, site.parts.courier._texts, ("zh-CN", "en"), "c@north.example", "in@home.example"
    )
