from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

import pytest

from comm_server import digest
from comm_server.digest import digest_some
from comm_server.scrub import Phones
from comm_server.understanding import Raw, understand
from tests.support.site import TestSite, crash, envelope


def states(site: TestSite) -> list[str]:
    return [row["state"] for row in site.store.rows("SELECT state FROM raw ORDER BY id")]


def test_an_event_becomes_a_problem_and_a_report(site: TestSite):
    site.report(crash(1))
    problem = site.store.row("SELECT * FROM problems")
    assert problem is not None
    assert (problem["type"], problem["count"], problem["program"]) == (
        "ZeroDivisionError",
        1,
        "companion",
    )
    assert problem["since_release"] == "companion@1.0.0"
    report = site.store.row("SELECT * FROM reports")
    assert report is not None
    assert json.loads(report["event"])["event_id"] == f"{1:032x}"
    assert states(site) == ["digested"]


def test_the_bytes_go_once_they_are_understood(site: TestSite):
    site.report(crash(1))
    assert site.store.value("SELECT body FROM raw") is None


def test_a_server_that_stops_leaves_the_rest_for_its_next_start(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(digest, "_CHUNK", 1)
    for number in range(1, 6):
        site.take(envelope(crash(number)))
    told = iter([False, False, True])
    digest_some(site.store, site.intake, leaving=lambda: next(told))
    assert states(site) == ["digested"] * 2 + ["new"] * 3
    digest_some(site.store, site.intake)
    assert states(site) == ["digested"] * 5


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"nonsense",
        b"[]",
        b"\xff\xfe\x00",
        b"{}\n" + b'{"type":"event","length":99999}\n{}',
        b"{}\n" + b'{"type":"event"}\n' + b"[" * 100_000,
        b'{}\n{"type":"event"}\n{"event_id":"short"}',
        b'{}\n{"type":"event"}\n' + b'{"n":' + b"9" * 5000 + b"}",
    ],
)
def test_poison_is_quarantined_with_its_bytes_and_stops_nothing(site: TestSite, body: bytes):
    site.take(body)
    site.report(crash(1))
    assert site.store.value("SELECT count(*) FROM problems") == 1
    if body:  # an empty envelope may also hold nothing
        assert states(site)[0] == "quarantined"
        assert site.store.value("SELECT body FROM raw WHERE id = 1") == body
        assert site.store.value("SELECT error FROM raw WHERE id = 1")


HUGE = "x" * 500_000


@pytest.mark.parametrize(
    "event",
    [
        {"extra": {"k": "\ud800"}},
        {"extra": {"\udfff": 1}},
        {"message": "half \ud83d a smile"},
        {"release": "\ud800"},
        {"release": HUGE},
        {"release": {"not": "a text"}},
        {"level": HUGE},
        {"level": "a\nb"},
        {"exception": {"values": [{"type": "A\r\nBcc: x@y", "value": "v"}]}},
        {"exception": {"values": [{"type": HUGE, "value": HUGE}]}},
        {"exception": {"values": [{"type": "\x1b[2J\x00", "value": "\u202e"}]}},
        {"fingerprint": [HUGE]},
        {"message": "x", "extra": {"number": 10**300}},
    ],
)
def test_what_databases_and_headers_cannot_hold_still_goes_home(site: TestSite, event: dict):
    """Each of these once made every later report and mail wait behind it."""
    site.report({"event_id": "a" * 32, "message": "m", **event}, crash(1))
    assert "new" not in states(site)
    assert site.store.value("SELECT count(*) FROM problems WHERE type = 'ZeroDivisionError'") == 1
    number = site.bundle()
    opened = site.opened(number)
    assert f"{1:032x}" in opened.bundle.reports
    assert len(opened.bundle.reports) + len(opened.bundle.raw) == 2
    header = site.mail(number).split(b"\r\n\r\n")[0]
    assert b"\nBcc:" not in header
    assert len(json.dumps(opened.bundle.manifest)) < 50_000
    for problem in opened.bundle.manifest["problems"]:
        assert all(
            problem[name].isprintable() and len(problem[name]) <= 200
            for name in ("type", "title", "place", "since_release", "level")
        )


@pytest.mark.parametrize("quantity", [10**30, -5, "many", None, float("inf"), 2.5])
def test_a_client_report_with_an_odd_count_keeps_its_event(site: TestSite, quantity: object):
    lost = {"discarded_events": [{"reason": "r" * 999, "category": "error", "quantity": quantity}]}
    body = envelope(crash(1)) + b'{"type":"client_report"}\n' + json.dumps(lost).encode()
    site.take(body)
    digest_some(site.store, site.intake)
    assert site.store.value("SELECT count(*) FROM reports") == 1
    assert (site.store.value("SELECT sum(count) FROM tallies") or 0) in range(10**9 + 1)


def test_what_the_client_lost_is_told_as_dropped(site: TestSite):
    lost = {"discarded_events": [{"reason": "queue_overflow", "category": "error", "quantity": 3}]}
    site.take(b'{}\n{"type":"client_report"}\n' + json.dumps(lost).encode())
    digest_some(site.store, site.intake)
    assert site.opened(site.bundle()).bundle.manifest["dropped"] == {"client: queue_overflow": 3}


def test_the_same_event_twice_is_one_report_and_two_copies(site: TestSite):
    site.report(crash(1), crash(1))
    assert site.store.rows("SELECT copies FROM reports") == [{"copies": 2}]
    assert site.store.value("SELECT count FROM problems") == 1


def test_the_same_event_id_of_two_machines_is_two_reports_in_one_bundle(site: TestSite):
    one, _ = site.dsn("pbx", "a")
    two, _ = site.dsn("pbx", "b")
    for number in (one, two):
        site.take(b'{"message": "paper out"}', dsn=number, kind="plain")
    digest_some(site.store, site.intake)
    bundle = site.opened(site.bundle()).bundle
    assert len(bundle.reports) == 2
    assert {entry["machine"] for entry in bundle.manifest["reports"]} == {"a", "b"}
    assert {entry["id"] for entry in bundle.manifest["reports"]} == set(bundle.reports)


def test_a_digest_killed_before_recording_is_done_again_once(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    site.take(envelope(crash(1)))

    class KilledError(BaseException):
        """Not an Exception: nothing may catch it on the way, as nothing catches SIGKILL."""

    def killed(*_arguments: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(digest, "_record", killed)
        with pytest.raises(KilledError):
            digest_some(site.store, site.intake)
    assert states(site) == ["new"]
    assert site.store.value("SELECT count(*) FROM problems") == 0
    digest_some(site.store, site.intake)
    assert digest_some(site.store, site.intake) == 0
    assert site.store.value("SELECT count FROM problems") == 1


def test_a_digest_killed_half_way_through_recording_wrote_nothing(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    site.take(envelope(crash(1)))
    with monkeypatch.context() as patch:
        patch.setattr(digest, "tally", _raise(sqlite3.OperationalError("database or disk is full")))
        with pytest.raises(sqlite3.OperationalError):
            digest_some(site.store, site.intake)
    assert states(site) == ["new"]
    assert site.store.value("SELECT count(*) FROM reports") == 0


def test_a_full_disk_is_not_the_reports_fault(site: TestSite, monkeypatch: pytest.MonkeyPatch):
    site.take(envelope(crash(1)))
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_keep", _raise(sqlite3.OperationalError("disk I/O error")))
        with pytest.raises(sqlite3.OperationalError):
            digest_some(site.store, site.intake)
    digest_some(site.store, site.intake)
    assert states(site) == ["digested"]


def test_whatever_recording_cannot_do_is_quarantined(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    site.take(envelope(crash(1)))
    with monkeypatch.context() as patch:
        patch.setattr(digest, "_keep", _raise(OverflowError("int too large")))
        digest_some(site.store, site.intake)
    assert states(site) == ["quarantined"]
    assert "int too large" in site.store.value("SELECT error FROM raw")


def test_two_digests_at_once_count_once(site: TestSite):
    """The second finds the row taken: its understanding was for nothing, and counts nothing."""
    site.take(envelope(crash(1)))
    row = site.store.row(
        "SELECT raw.*, dsns.program, dsns.machine FROM raw JOIN dsns ON dsns.id = raw.dsn"
    )
    assert row is not None
    digest_some(site.store, site.intake)
    understood = understand(Raw(row["kind"], row["encoding"], row["body"]), site.intake, Phones())
    digest._keep_all(site.store, [(row, understood)], site.intake)
    assert site.store.value("SELECT count FROM problems") == 1
    assert site.store.value("SELECT copies FROM reports") == 1


def test_of_a_storm_a_few_are_kept_whole_and_the_rest_is_counted(site: TestSite):
    few = replace(site.intake, keep_per_problem=3)
    for number in range(1, 21):
        site.take(envelope(crash(number)))
    digest_some(site.store, few)
    assert site.store.value("SELECT count FROM problems") == 20
    assert site.store.value("SELECT count(*) FROM reports WHERE event IS NOT NULL") == 3
    bundle = site.opened(site.bundle()).bundle
    assert len(bundle.reports) == 3
    assert bundle.manifest["dropped"] == {"counted only: many alike": 17}
    assert bundle.manifest["problems"][0]["count"] == 20
    # What was told once is not told again, and the next bundle has room for a sample.
    for number in range(21, 33):
        site.take(envelope(crash(number)))
    digest_some(site.store, few)
    again = site.opened(site.bundle()).bundle
    assert again.manifest["dropped"] == {"counted only: many alike": 11}
    assert list(again.reports) == [f"{32:032x}"]


def test_reports_that_were_only_counted_wait_for_no_bundle(site: TestSite):
    """They would make the count of those that wait slower with each one: a storm is quadratic."""
    few = replace(site.intake, keep_per_problem=1)
    for number in (1, 2, 3):
        site.take(envelope(crash(number)))
    digest_some(site.store, few)
    assert site.store.value("SELECT count(*) FROM reports WHERE bundle IS NULL") == 1


def test_secrets_are_masked_and_counted(site: TestSite):
    site.report(crash(1, extra={"password": "hunter2", "header": "Bearer abcdefgh12345678"}))
    event = site.store.value("SELECT event FROM reports")
    assert "hunter2" not in event
    assert "abcdefgh12345678" not in event
    assert site.opened(site.bundle()).bundle.manifest["scrubbed"] == {"key": 1, "token": 1}


def test_a_secret_in_the_title_is_nowhere(site: TestSite):
    site.report({"event_id": "a" * 32, "message": "login with password='hunter2' failed"})
    number = site.bundle()
    assert b"hunter2" not in site.mail(number)
    assert "hunter2" not in json.dumps(site.store.rows("SELECT * FROM problems"))
    assert "hunter2" not in site.store.value("SELECT summary FROM bundles")


def test_a_crash_makes_its_problem_fatal_for_good(site: TestSite):
    fatal = crash(1)
    fatal["exception"]["values"][0]["mechanism"] = {"type": "excepthook", "handled": False}
    site.report(fatal, crash(2))
    assert site.store.value("SELECT level FROM problems") == "fatal"


def _raise(error: BaseException):
    def function(*_arguments: object, **_named: object) -> None:
        raise error

    return function


@pytest.mark.parametrize(
    "name", ["e1df010922664615972111c73d803193", "f362d7a571174760900309419a498845"]
)
def test_an_id_that_holds_something_like_a_cards_number_stays_as_it_is(site: TestSite, name: str):
    site.report(crash(1, event_id=name))
    assert site.store.rows("SELECT event_id FROM reports") == [{"event_id": name}]
