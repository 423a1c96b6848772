"""A relay that takes less: bundles are made anew, and numbers and hashes stay whole."""

from __future__ import annotations

import contextlib
import hashlib
import os

import pytest

from comm_server import attention
from comm_server.outbox import DoesNotFitError
from common.errors import NetworkError, RemoteError
from common.mail.errors import NoSuchRecipientError, TooLargeError, UncertainError
from tests.support.site import ListTransport, TestSite, attachment, crash


class Relay(ListTransport):
    """Takes mails of at most ``most`` bytes; says so beforehand, or only by its 552."""

    def __init__(self, most: int, *, says: bool = False) -> None:
        super().__init__()
        self.most, self.says = most, says

    def send(self, mail: bytes) -> None:
        if len(mail) > self.most:
            self.offered.append(mail)
            raise TooLargeError("552 5.3.4 too big", self.most if self.says else 0)
        super().send(mail)


@pytest.fixture
def relay(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Relay:
    most, says = request.param
    made = Relay(most, says=says)
    monkeypatch.setattr("comm_server.courier.transport_for", lambda *_a: made)
    return made


def noisy(site: TestSite, *numbers: int) -> None:
    site.report(*(crash(n, extra={"noise": os.urandom(30_000).hex()}) for n in numbers))


def run(site: TestSite, seconds: int) -> None:
    """The courier's seconds; what is put off by its pauses comes due."""
    for _ in range(seconds):
        site.parts.courier.run_once()
        site.clock.advance(10)


def counts(site: TestSite) -> list[dict]:
    return site.store.rows("SELECT mailed_count, count FROM problems ORDER BY id")


def check_chain(site: TestSite, mails: list[bytes]) -> set[str]:
    """Each mail opens, the numbers run, each names the one before; answers all report ids."""
    before, told = None, set()
    for number, mail in enumerate(mails, start=1):
        sealed = attachment(mail)
        bundle = site.vendor.unseal(sealed).bundle
        assert bundle.manifest["sequence"] == number
        assert bundle.manifest["previous"] == before
        before = hashlib.sha256(sealed).hexdigest()
        assert not told & set(bundle.reports)
        told |= set(bundle.reports)
    return told


@pytest.mark.parametrize("relay", [(150_000, True), (150_000, False)], indirect=True)
def test_a_relay_that_takes_less_gets_everything_in_smaller_mails(site: TestSite, relay: Relay):
    noisy(site, *range(1, 10))
    site.take(b"poison")
    site.report(crash(50, extra={"password": "hunter2"}))
    run(site, 25)
    assert check_chain(site, relay.sent) == {f"{n:032x}" for n in (*range(1, 10), 50)}
    assert len(relay.sent) > 3
    # One refusal that says its limit is enough; halving takes a few.
    assert len(relay.offered) - len(relay.sent) <= (1 if relay.says else 8)
    assert all(row["mailed_count"] == row["count"] for row in counts(site))
    scrubbed = [
        site.vendor.unseal(attachment(mail)).bundle.manifest["scrubbed"] for mail in relay.sent
    ]
    assert sum(one.get("key", 0) for one in scrubbed) == 1


@pytest.mark.parametrize("relay", [(150_000, True)], indirect=True)
def test_what_the_relay_takes_is_known_the_next_time(site: TestSite, relay: Relay):
    noisy(site, *range(1, 10))
    run(site, 25)
    refused = len(relay.offered) - len(relay.sent)
    noisy(site, *range(11, 20))
    site.clock.advance(3600)
    run(site, 25)
    assert len(relay.offered) - len(relay.sent) == refused


@pytest.mark.parametrize("relay", [(1000, True), (1000, False)], indirect=True)
def test_a_relay_that_takes_next_to_nothing_is_an_alarm_and_no_loop(site: TestSite, relay: Relay):
    site.report(crash(1))
    run(site, 20)
    assert len(relay.offered) < 15
    needs = attention.needs(site.store, site.parts.settings.current.console, site.clock.now())
    assert needs[0].kind == "size"
    assert "552" in needs[0].rows[0]["last_error"]
    assert site.store.value("SELECT count(*) FROM bundles WHERE state = 'frozen'")


@pytest.mark.parametrize("first", [UncertainError("cut"), ValueError("a bug")])
def test_what_somebody_may_have_is_never_made_anew(site: TestSite, first: Exception):
    noisy(site, 1, 2, 3)
    site.bundle()
    before = site.mail(1)
    transport = ListTransport(first, TooLargeError("552"))  # type: ignore[arg-type]
    for _ in range(2):
        with contextlib.suppress(ValueError):
            site.parts.outbox.send_due(transport, 60)
        site.clock.advance(3600)
    assert len(transport.offered) == 2
    assert site.mail(1) == before


def test_one_with_a_successor_that_was_sent_is_never_made_anew(site: TestSite):
    """The successor names its hash: another bundle of that number would break the chain."""
    noisy(site, 1)
    site.bundle()
    noisy(site, 2)
    site.bundle()
    site.parts.outbox.send_due(ListTransport(RemoteError("554 no")), 10**6)
    before = site.mail(1)
    site.clock.advance(3600)
    transport = ListTransport(TooLargeError("552"))
    site.parts.outbox.send_due(transport, 10**6)
    assert len(transport.offered) == 1
    assert site.mail(1) == before


def test_a_kill_while_it_was_sent_counts_as_perhaps_out(site: TestSite):
    noisy(site, 1, 2)
    site.bundle()

    class Killed(BaseException):
        pass

    class Deadly(ListTransport):
        def send(self, mail: bytes) -> None:
            raise Killed

    with pytest.raises(Killed):
        site.parts.outbox.send_due(Deadly(), 60)
    before = site.mail(1)
    site.parts.outbox.send_due(ListTransport(TooLargeError("552")), 60)
    assert site.mail(1) == before


def test_refused_in_words_is_with_nobody(site: TestSite):
    noisy(site, 1, 2)
    site.bundle()
    site.parts.outbox.send_due(ListTransport(NetworkError("451 later")), 60)
    site.clock.advance(3600)
    with pytest.raises(DoesNotFitError) as raised:
        site.parts.outbox.send_due(ListTransport(TooLargeError("552", 99_000)), 60)
    assert (raised.value.sequence, raised.value.limit) == (1, 99_000)


def test_an_unknown_recipient_is_an_alarm_until_it_is_delivered(site: TestSite):
    site.bundle()
    error = NoSuchRecipientError("relay refused in@home.example: 550 5.1.1 nobody")
    site.parts.outbox.send_due(ListTransport(error), 60)
    settings = site.parts.settings.current.console
    (need,) = attention.needs(site.store, settings, site.clock.now())
    assert need.kind == "recipient"
    assert "5.1.1" in need.rows[0]["last_error"]
    site.acknowledge(1)
    assert attention.needs(site.store, settings, site.clock.now()) == []
