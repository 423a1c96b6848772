from __future__ import annotations

from datetime import timedelta
from email import message_from_bytes

import pytest

from common.clock import stamp
from common.errors import CallsteadError, NetworkError, OperatorError, RemoteError
from tests.support.site import ListTransport, TestSite, crash

DAYS_2 = 172_800


def send(site: TestSite, transport: ListTransport) -> int:
    return site.parts.outbox.send_due(transport, DAYS_2)


def row(site: TestSite, sequence: int = 1) -> dict:
    found = site.store.row("SELECT * FROM bundles WHERE sequence = ?", (sequence,))
    assert found is not None
    return found


def test_a_mail_that_was_taken_is_sent_and_not_offered_again(site: TestSite):
    site.bundle()
    transport = ListTransport()
    assert send(site, transport) == 1
    assert row(site)["state"] == "sent"
    site.clock.advance(3600)
    assert send(site, transport) == 0
    assert len(transport.offered) == 1


def test_the_same_bytes_and_message_id_go_out_on_every_try(site: TestSite):
    site.report(crash(1))
    site.bundle()
    transport = ListTransport(*[NetworkError("cut")] * 3)
    for _ in range(4):
        send(site, transport)
        site.report(crash(2))
        site.clock.advance(3600)
    assert len(transport.offered) == 4
    assert len(set(transport.offered)) == 1
    assert message_from_bytes(transport.sent[0])["Message-ID"] == row(site)["message_id"]


@pytest.mark.parametrize(
    "error",
    [
        NetworkError("451 try later"),
        RemoteError("554 no"),
        NetworkError("connection cut"),
        OperatorError("the certificate is not trusted"),
    ],
)
def test_a_failed_try_keeps_it_frozen_and_waits_longer_each_time(
    site: TestSite, error: CallsteadError
):
    site.bundle()
    transport = ListTransport(*[error] * 12)
    waits = []
    for failures in range(1, 13):
        assert send(site, transport) == 0
        kept = row(site)
        assert (kept["state"], kept["failures"]) == ("frozen", failures)
        assert kept["last_error"] == str(error)
        assert send(site, transport) == 0  # not before its time
        assert len(transport.offered) == failures
        wait = timedelta(0)
        while stamp(site.clock.now() + wait) < kept["next_try_at"]:
            wait += timedelta(seconds=1)
        waits.append(wait)
        site.clock.advance(wait.total_seconds())
    assert waits[0] <= timedelta(seconds=3)
    assert waits[-1] >= timedelta(minutes=14)
    assert max(waits) <= timedelta(minutes=31)
    assert send(site, transport) == 1
    assert row(site)["last_error"] is None


def test_when_the_network_is_away_one_try_is_enough(site: TestSite):
    site.bundle()
    site.bundle()
    transport = ListTransport(NetworkError("no route"))
    assert send(site, transport) == 0
    assert len(transport.offered) == 1


def test_a_mail_refused_for_good_does_not_hold_up_the_next(site: TestSite):
    site.bundle()
    site.bundle()
    transport = ListTransport(RemoteError("552 too large"))
    assert send(site, transport) == 1
    assert [row(site, n)["state"] for n in (1, 2)] == ["frozen", "sent"]


def test_a_fault_of_ours_is_not_tried_every_second(site: TestSite):
    site.bundle()
    transport = ListTransport(ValueError("a bug"))  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="a bug"):
        send(site, transport)
    assert send(site, transport) == 0
    assert row(site)["failures"] == 1


def test_sent_but_never_acknowledged_is_sent_again(site: TestSite):
    site.bundle()
    transport = ListTransport()
    send(site, transport)
    site.clock.advance(DAYS_2 - 1)
    assert send(site, transport) == 0
    site.clock.advance(2)
    assert send(site, transport) == 1
    assert transport.sent[0] == transport.sent[1]


def test_a_kill_after_the_relays_yes_sends_the_same_mail_twice(site: TestSite):
    """Our mark was lost: SMTP is at-least-once, and the vendor knows the bundle by its hash."""
    site.bundle()
    transport = ListTransport()
    transport.send(site.mail(1))
    send(site, transport)
    assert transport.sent[0] == transport.sent[1]


def test_acknowledged_is_delivered_and_its_bytes_go(site: TestSite):
    site.report(crash(1))
    site.bundle()
    send(site, ListTransport())
    assert site.acknowledge(1) == [1]
    kept = row(site)
    assert (kept["state"], kept["mail"]) == ("delivered", None)
    assert kept["delivered_at"]
    assert site.store.value("SELECT event FROM reports") is None
    assert site.acknowledge(1) == []  # no news
    site.clock.advance(DAYS_2 * 2)
    transport = ListTransport()
    assert send(site, transport) == 0


def test_an_acknowledgement_of_other_bytes_means_nothing(site: TestSite):
    site.report(crash(1))
    site.bundle()
    send(site, ListTransport())
    assert site.parts.outbox.acknowledged([(1, "0" * 64), (7, "0" * 64)]) == []
    assert row(site)["state"] == "sent"
    assert site.store.value("SELECT event FROM reports") is not None


def test_reports_of_later_bundles_stay_when_an_earlier_is_acknowledged(site: TestSite):
    site.report(crash(1))
    site.bundle()
    site.report(crash(2))
    site.bundle()
    site.acknowledge(1)
    assert site.store.rows("SELECT event IS NULL AS gone FROM reports ORDER BY id") == [
        {"gone": 1},
        {"gone": 0},
    ]


def test_a_mail_cut_after_its_last_byte_is_asked_about(site: TestSite):
    """The vendor may have it; without asking it would go out again and again."""
    site.bundle()
    assert site.parts.outbox.awaiting() == 0
    send(site, ListTransport(NetworkError("connection cut")))
    assert site.parts.outbox.awaiting() == 1
    site.acknowledge(1)
    assert site.parts.outbox.awaiting() == 0


def test_a_clock_set_back_by_years_does_not_freeze_the_way_home(site: TestSite):
    now = site.clock.now()
    site.clock.jump(now.replace(year=2031))
    site.bundle()
    site.bundle()
    send(site, ListTransport(RemoteError("no")))
    assert [row(site, n)["state"] for n in (1, 2)] == ["frozen", "sent"]
    site.clock.jump(now)
    assert send(site, ListTransport()) == 2


def test_the_courier_sends_what_is_ready_although_a_new_bundle_cannot_be_made(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    site.bundle()
    transport = ListTransport()
    monkeypatch.setattr("comm_server.courier.transport_for", lambda *_a: transport)
    site.clock.advance(100_000)

    def broken(*_arguments: object) -> None:
        raise ValueError("a bug")

    monkeypatch.setattr(site.parts.courier._collector, "collect", broken)
    with pytest.raises(ValueError, match="a bug"):
        site.parts.courier.run_once()
    assert len(transport.sent) == 1
