from __future__ import annotations

import json

import pytest

from comm_server.fleet.codes import new_invitation
from comm_server.mail.ack_source import Statement
from common.errors import NetworkError
from common.wire.join_code import decode
from common.wire.signing import sign
from tests.support.site import ListTransport, TestSite, crash
from tests.web.comm_server.browser import Browser

PAGES = ["/", "/problems", "/logs", "/sent", "/waiting", "/scrubbing", "/clients", "/releases-here"]


@pytest.mark.parametrize("path", [*PAGES, "/problems/1", "/sent/1", "/clients/c-1"])
def test_nothing_is_shown_to_strangers(site: TestSite, path: str):
    answer = Browser(site).get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_an_empty_site_says_what_to_do(browser: Browser, path: str, language: str):
    browser.language = language
    page = browser.page(path)
    assert f'lang="{language}"' in page
    assert "console." not in page.replace("console.css", "")  # every text is there


def test_the_overview_is_quiet_when_nothing_is_wrong(browser: Browser):
    assert "Nothing needs you now." in browser.page("/")


def test_a_problem_is_shown_with_its_trace_before_and_after_it_went_home(
    site: TestSite, browser: Browser
):
    site.report(crash(1))
    assert "ZeroDivisionError" in browser.page("/")
    assert "companion.work:half" in browser.page("/problems")
    page = browser.page("/problems/1")
    for expected in ("return 1 / n", "companion/work.py", "line 7", "companion@1.0.0", "seat-1"):
        assert expected in page
    number = site.bundle()
    site.acknowledge(number)
    page = browser.page("/problems/1")
    assert "return 1 / n" in page
    assert f'href="/sent/{number}"' in page
    site.store.execute("DELETE FROM sent_content")
    page = browser.page("/problems/1")
    assert "return 1 / n" not in page
    assert "no longer kept here" in page


def test_what_came_back_wears_a_badge(site: TestSite, browser: Browser):
    site.report(crash(1))
    fingerprint = site.store.value("SELECT fingerprint FROM problems")
    said = Statement(resolved=(("companion", fingerprint, "companion@1.0.1"),), as_of=1)
    site.parts.courier.heard(said)
    assert "resolved in companion@1.0.1" in browser.page("/problems/1")
    site.report(crash(2, release="companion@1.0.2"))
    for path in ("/", "/problems", "/problems/1"):
        assert "came back in companion@1.0.2" in browser.page(path)


def test_a_mail_is_shown_word_for_word_while_it_is_kept(site: TestSite, browser: Browser):
    site.report(crash(1))
    number = site.bundle()
    page = browser.page(f"/sent/{number}")
    assert "新问题" in page
    assert "New problems (1)" in page
    assert "in@home.example" in page
    site.parts.outbox.send_due(ListTransport(), 60)
    site.acknowledge(number)
    page = browser.page(f"/sent/{number}")
    assert "New problems (1)" in page
    assert "drawn again" in page
    assert "delivered" in browser.page("/sent")


def test_hostile_reports_stay_text(site: TestSite, browser: Browser):
    nasty = "<script>alert(1)</script>"
    site.report(crash(1, kind=nasty, release=nasty, level=nasty))
    site.bundle()
    for path in ("/", "/problems", "/problems/1", "/sent", "/sent/1"):
        assert nasty not in browser.page(path)
    site.acknowledge(1)
    assert nasty not in browser.page("/sent/1")


@pytest.mark.parametrize(
    "event",
    [
        {"exception": {"values": [{"type": None, "stacktrace": {"frames": [{"vars": [1]}, 3]}}]}},
        {"exception": "x", "message": "m"},
        {"message": "only a line"},
    ],
)
def test_reports_of_odd_shapes_have_a_page(site: TestSite, browser: Browser, event: dict):
    site.report({"event_id": "a" * 32, **event})
    assert "kept report 1 of 1" in browser.page("/problems/1")


@pytest.mark.parametrize(
    "path", ["/problems/7", f"/problems/{10**30}", "/sent/9", "/clients/c-0", "/clients/c-0/revoke"]
)
def test_what_is_not_there_is_404(browser: Browser, path: str):
    assert browser.get(path).status_code == 404


@pytest.mark.parametrize("page", ["-1", "x", "9" * 40, "²", "999999"])
def test_an_odd_page_number_harms_nothing(site: TestSite, browser: Browser, page: str):
    site.report(crash(1))
    browser.page(f"/problems?page={page}")


def test_long_lists_come_in_pages(site: TestSite, browser: Browser):
    site.report(*(crash(n, kind=f"Error{n}") for n in range(1, 103)))
    assert "page=1" in browser.page("/problems")
    last = browser.page("/problems?page=1")
    assert "page=0" in last
    assert "page=2" not in last


def test_a_failed_update_needs_a_person_until_one_holds(site: TestSite, browser: Browser):
    client = join(site)
    keep(site, client, "rolled_back", "1.0.2", "it <b>died</b> at start")
    page = browser.page("/")
    assert "Failed updates" in page
    assert "it &lt;b&gt;died&lt;/b&gt; at start" in page
    site.clock.advance(5)
    keep(site, client, "committed", "1.0.3", "")
    assert "Failed updates" not in browser.page("/")


def test_a_silent_client_needs_a_person(site: TestSite, browser: Browser):
    join(site)
    assert "silent" not in browser.page("/clients")
    site.clock.advance(3600)
    browser = Browser(site)
    browser.post("/sign-in", "/sign-in", name="admin", password="a sentence of my own")
    assert "Clients not heard from" in browser.page("/")
    assert "silent" in browser.page("/clients")


def test_an_undelivered_mail_needs_a_person(site: TestSite, browser: Browser):
    site.bundle()
    site.parts.outbox.send_due(ListTransport(NetworkError("no route to the relay")), 60)
    assert "no route to the relay" in browser.page("/")
    assert "no route to the relay" in browser.page("/sent")


def test_a_join_code_is_shown_once(site: TestSite, browser: Browser):
    answer = browser.post("/clients/code", "/clients")
    page = answer.get_data(as_text=True)
    code = page.split('class="code">')[1].split("<")[0]
    assert len(code.split("-")) == 7 or len(code.replace("-", "")) == 32
    assert code not in browser.page("/clients")
    assert answer.headers["Cache-Control"] == "no-store"


def test_revoking_asks_first_and_then_makes_a_stranger(site: TestSite, browser: Browser):
    client = join(site)
    question = f"/clients/{client}/revoke"
    assert "Revoke seat-1?" in browser.page(question)
    assert site.parts.fleet.one(client) is not None
    assert browser.post(question, question).status_code == 303
    assert site.parts.fleet.one(client) is None
    assert site.parts.fleet.by_certificate("f" * 64) is None
    assert "seat-1 is revoked." in browser.page("/clients")


def test_a_halted_release_can_be_resumed(site: TestSite, browser: Browser):
    client = join(site)
    keep(site, client, "rolled_back", "1.0.2", "it died")
    page = browser.page("/releases-here")
    assert "1.0.2 did not hold on seat-1: it died" in page
    browser.post("/releases-here/resume", "/releases-here", product="companion", version="1.0.2")
    assert site.parts.rollout.halts() == []


@pytest.mark.parametrize(
    "path", ["/clients/code", "/clients/{client}/revoke", "/releases-here/resume"]
)
def test_nothing_is_changed_without_the_csrf_token(site: TestSite, browser: Browser, path: str):
    client = join(site)
    keep(site, client, "rolled_back", "1.0.2", "it died")
    codes = site.store.value("SELECT count(*) FROM invitations")
    answer = browser.post(
        path.format(client=client), product="companion", version="1.0.2", csrf="guess"
    )
    assert answer.status_code == 400
    assert site.parts.fleet.one(client) is not None
    assert len(site.parts.rollout.halts()) == 1
    assert site.store.value("SELECT count(*) FROM invitations") == codes


def test_a_refused_offer_is_shown_with_its_reason(site: TestSite, browser: Browser):
    site.store.execute(
        "INSERT INTO refusals (at, via, kind, sentence, evidence, last_at) VALUES (?,?,?,?,?,?)",
        (site.now, "usb", "rollback", "It is older than what is here.", "{}", site.now),
    )
    assert "It is older than what is here." in browser.page("/")
    assert "carried in (USB)" in browser.page("/releases-here")


def test_a_clients_odd_vitals_are_only_text(site: TestSite, browser: Browser):
    client = join(site)
    vitals = {
        "cpu": {"load": [1, 2]},
        "<b>": "<i>",
        "none": None,
        "programs": "x",
        "memory": {"total": 10**400, "free": 3 * 2**30},
        "at": "yesterday",
        "booted": 7,
    }
    site.parts.fleet.heard(client, vitals)
    page = browser.page(f"/clients/{client}")
    assert "cpu.load" in page
    assert "3.0 GiB" in page
    assert "yesterday" in page
    assert "<i>" not in page


def join(site: TestSite, name: str = "seat-1") -> str:
    invitation = new_invitation("0" * 64)
    site.parts.fleet.keep_invitation(invitation.secret_sha256)
    client, _ = site.parts.fleet.join(
        decode(invitation.text).secret,
        name,
        "linux-x86_64",
        lambda _client: (b"PEM", "f" * 64, "key"),
    )
    return client


def keep(site: TestSite, client: str, outcome: str, version: str, reason: str) -> None:
    statement = {
        "id": f"r-{version}-{outcome}",
        "client": client,
        "product": "companion",
        "version": version,
        "outcome": outcome,
        "reason": reason,
        "at": site.now,
    }
    signed = sign(statement, site.parts.site.key)
    site.parts.rollout.keep_receipt(client, statement, json.loads(json.dumps(signed)))


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Reports per hour"), ("zh-CN", "每小时报告数")]
)
def test_how_often_is_drawn(site: TestSite, browser: Browser, language: str, said: str):
    site.report(crash(1), crash(2))
    browser.language = language
    page = browser.page("/problems/1")
    assert said in page
    assert '<svg viewBox="' in page
    assert 'class="number">2</td>' in page
