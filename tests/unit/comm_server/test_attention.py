from __future__ import annotations

from datetime import timedelta

import pytest

from comm_server import attention
from comm_server.attention import Line
from common.clock import stamp
from common.errors import NetworkError
from tests.support.site import ListTransport, TestSite, crash


def lines(site: TestSite) -> dict[str, Line]:
    settings = site.parts.settings.current.console
    return {line.kind: line for line in attention.health(site.store, settings, site.clock.now())}


def needs(site: TestSite) -> dict[str, int]:
    settings = site.parts.settings.current.console
    found = attention.needs(site.store, settings, site.clock.now())
    return {need.kind: len(need.rows) for need in found}


@pytest.fixture
def quiet(site: TestSite) -> TestSite:
    """A site whose first mail was delivered, with one client."""
    site.store.execute(
        "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, joined_at, "
        "last_seen) VALUES ('c-1', 'seat-1', 'linux', 'f', 'k', ?, ?)",
        (site.now, site.now),
    )
    site.bundle("alive")
    site.parts.outbox.send_due(ListTransport(), 60)
    site.acknowledge(1)
    return site


def test_a_fresh_site_says_what_is_not_there_yet(site: TestSite):
    assert {kind: line.state for kind, line in lines(site).items()} == {
        "reports": "none",
        "mail": "none",
        "clients": "none",
    }


def test_a_quiet_site_needs_nobody(quiet: TestSite):
    assert needs(quiet) == {}
    assert {line.tone for line in lines(quiet).values()} == {"good"}


def test_a_new_problem_is_news_for_a_week(quiet: TestSite):
    quiet.report(crash(1))
    assert needs(quiet) == {"problems": 1}
    quiet.clock.advance(days=6)
    quiet.parts.fleet.heard("c-1", {})
    assert "problems" in needs(quiet)
    quiet.clock.advance(days=2)
    assert "problems" not in needs(quiet)


def test_a_failed_mail_needs_somebody_at_once(quiet: TestSite):
    quiet.bundle()
    quiet.parts.outbox.send_due(ListTransport(NetworkError("no route")), 60)
    assert needs(quiet) == {"mails": 1}
    assert lines(quiet)["mail"] == Line("mail", "late", "bad", {"count": 1, "since": quiet.now})


def test_an_unanswered_mail_needs_somebody_after_an_hour(quiet: TestSite):
    quiet.bundle()
    quiet.parts.outbox.send_due(ListTransport(), 10**6)
    assert needs(quiet) == {}
    assert lines(quiet)["mail"].state == "under_way"
    quiet.clock.advance(hours=1, seconds=1)
    assert needs(quiet)["mails"] == 1


def test_a_client_is_silent_after_a_quarter_of_an_hour(quiet: TestSite):
    quiet.clock.advance(minutes=14)
    assert lines(quiet)["clients"].state == "heard"
    quiet.clock.advance(minutes=2)
    assert needs(quiet) == {"clients": 1}
    assert lines(quiet)["clients"].values == {"count": 1, "silent": 1}
    quiet.parts.fleet.revoke("c-1")
    assert needs(quiet) == {}


def test_a_digest_that_stands_still_is_told(quiet: TestSite):
    quiet.take(b"x")
    assert lines(quiet)["reports"].state == "none"
    quiet.clock.advance(minutes=6)
    assert (lines(quiet)["reports"].state, lines(quiet)["reports"].tone) == ("stuck", "bad")


def test_a_failed_update_of_a_revoked_client_needs_nobody(quiet: TestSite):
    statement = {
        "id": "r", "client": "c-1", "product": "p", "version": "1", "outcome": "failed",
        "reason": "x", "at": stamp(quiet.clock.now() - timedelta(days=1)),
    }  # fmt: skip
    quiet.parts.rollout.keep_receipt("c-1", statement, {"statement": statement})
    assert needs(quiet) == {"updates": 1}
    quiet.parts.fleet.revoke("c-1")
    assert needs(quiet) == {}
