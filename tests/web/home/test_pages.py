"""The console as a browser without scripts sees it."""

from __future__ import annotations

import pytest

from common.web.texts import missing_keys
from tests.support.events import AT, ENVIRONMENT, EVENT, EVIL, LOGS
from tests.support.vendor import CRASH, Site
from tests.web.home.conftest import WebHome

PAGES = ("/", "/problems", "/problems/1", "/releases", "/sites", "/bundles", "/bundles/1",
         "/refused")  # fmt: skip


def fill(home: WebHome) -> Site:
    """A site whose every text wants to be a script."""
    site = home.add_site(f"North {EVIL}")
    entry = {"id": "e1", "fingerprint": "f1", "received_at": AT, "machine": EVIL}
    receipt = site.receipt(outcome="rolled_back", reason=EVIL, log_tail=[EVIL], client=EVIL)
    content = {
        "reports": {"e1": EVENT},
        "raw": {"q1": EVIL.encode()},
        "logs": LOGS,
        "environment": ENVIRONMENT,
        "receipts": [receipt],
    }
    home.receive(
        site.mail(
            content,
            problems=[{**CRASH, "title": EVIL, "place": EVIL, "releases": [EVIL], "level": EVIL}],
            reports=[entry],
            clients=[
                site.client(
                    client=EVIL,
                    name=EVIL,
                    programs=[{"product": EVIL, "state": [EVIL]}, 5],
                    last_seen=EVIL,
                )
            ],
            refusals=[{"at": AT, "kind": EVIL, "sentence": EVIL}],
            reason=EVIL,
            dropped={EVIL: 1},
        )
    )
    site.sequence += 1  # a gap
    home.receive(site.mail())
    home.receive(f"From: {EVIL}\r\nSubject: {EVIL}\r\n\r\nx".encode())
    return site


def every_page(site: Site) -> list[str]:
    return [*PAGES, f"/sites/{site.id}", f"/reports/{site.id}/e1", f"/reports/{site.id}/raw-1-q1"]


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_shows_a_hostile_sites_texts_as_texts(web_home: WebHome, language: str) -> None:
    site = fill(web_home)
    member = web_home.member()
    for path in every_page(site):
        page = member.get(path, language)
        assert f'<html lang="{language}">' in page
        assert EVIL not in page, path
        assert "<script>" not in page, path
        assert "&lt;script&gt;" in page, path


@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_every_page_of_an_empty_home_works(web_home: WebHome, language: str) -> None:
    member = web_home.member()
    for path in ("/", "/problems", "/releases", "/sites", "/bundles", "/refused"):
        assert "<h1>" in member.get(path, language)


def test_a_manifest_of_odd_shapes_breaks_no_page(web_home: WebHome) -> None:
    site = web_home.add_site()
    odd = site.client(programs=5, last_seen=[1], platform={})
    web_home.receive(
        site.mail({"environment": {"a": [[], {}, None, 0]}}, clients=[odd], dropped=7, scrubbed=[1])
    )
    member = web_home.member()
    for path in (f"/sites/{site.id}", "/bundles/1", "/sites"):
        assert "<h1>" in member.get(path)


def test_no_page_opens_without_signing_in(web_home: WebHome) -> None:
    site = fill(web_home)
    client = web_home.stranger()
    for path in every_page(site):
        answer = client.get(path, base_url="https://localhost")
        assert answer.status_code == 303, path
        assert answer.location.startswith("/sign-in?next="), path
    for path in ("/problems/1/seen", "/problems/1/ignore", "/refused/noted"):
        assert client.post(path, base_url="https://localhost").status_code == 303
    assert web_home.store.value("SELECT seen_at FROM problems") is None


def test_the_first_password_opens_only_the_page_that_changes_it(web_home: WebHome) -> None:
    told = (web_home.folder / "first-sign-in").read_text()
    assert (web_home.folder / "first-sign-in").stat().st_mode & 0o777 == 0o600
    assert told.startswith("name: admin\npassword: ")
    web_home.member()
    assert not (web_home.folder / "first-sign-in").exists()


def test_a_problem_is_told_whole(web_home: WebHome) -> None:
    fill(web_home)
    page = web_home.member().get("/problems/1")
    for wanted in ("ZeroDivisionError", "companion/work.py", "line 12", "return n / 0", "seat-1",
                   "hangup", "asterisk", "caller", "1024", "companion@1.0.0"):  # fmt: skip
        assert wanted in page
    # Log lines of all machines in time order; calls of the program itself open, others not.
    assert page.index("&lt;script&gt;", page.index("Log lines")) < page.index("hangup")
    assert page.index("half") < page.index("run_forever")
    assert page.count("<details open>") == 1


def test_marking_a_problem_as_seen_takes_it_off_the_overview(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(site.mail(problems=[CRASH]))
    member = web_home.member()
    assert "ZeroDivisionError" in member.get("/")
    assert member.post("/problems/1", "/problems/1/seen") == 303
    assert "ZeroDivisionError" not in member.get("/")
    assert "Looked at by admin" in member.get("/problems/1")
    assert "Nothing waits for you" in member.get("/")


def test_a_problem_is_resolved_comes_back_and_is_taken_back(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(site.mail(problems=[CRASH]))
    member = web_home.member()
    page, acks = "/problems/1", web_home.folder / "acks" / f"{site.id}.json"
    assert member.post(page, f"{page}/resolve", release=" ") == 303
    assert 'class="flash bad"' in member.get(page)
    assert member.post(page, f"{page}/resolve", release="companion@1.0.1") == 303
    assert '"release": "companion@1.0.1"' in acks.read_text()
    assert "resolved in companion@1.0.1" in member.get(page)
    assert "已在 companion@1.0.1 中解决" in member.get(page, "zh-CN")
    assert "ZeroDivisionError" not in member.get("/")
    assert "ZeroDivisionError" in member.get("/problems?status=resolved")
    back = {**CRASH, "count": 9, "status": "regression", "came_back_in": "companion@1.0.2"}
    web_home.clock.advance(1)
    web_home.receive(site.mail(problems=[back]))
    for path in ("/", page):
        assert "came back in companion@1.0.2" in member.get(path)
    assert member.post(page, f"{page}/take-back") == 303
    assert '"release"' not in acks.read_text()
    assert member.post(page, f"{page}/assign", to="Wei <b>") == 303
    assert "In the hands of Wei &lt;b&gt;" in member.get(page)
    assert member.post(page, f"{page}/ignore") == 303
    assert "ZeroDivisionError" not in member.get("/")


def test_a_decision_that_cannot_be_is_refused(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(site.mail(problems=[CRASH]))
    member = web_home.member()
    assert member.post("/problems/1", "/problems/1/assign", to="x" * 81) == 400
    assert member.post("/problems/1", "/problems/7/ignore") == 404
    assert member.post("/problems/1", "/problems/1/shred") == 404
    assert web_home.count("decisions") == 0


def test_reading_the_refused_mails_takes_them_off_the_overview(web_home: WebHome) -> None:
    web_home.receive(b"Subject: cheap watches\r\n\r\n")
    member = web_home.member()
    assert "cheap watches" in member.get("/")
    assert member.post("/refused", "/refused/noted") == 303
    assert "cheap watches" not in member.get("/")
    assert "cheap watches" in member.get("/refused")


def test_gaps_and_silent_sites_are_on_the_overview(web_home: WebHome) -> None:
    fill(web_home)
    member = web_home.member()
    page = member.get("/")
    assert "bundle 2 is missing" in page
    assert "Silent sites" not in page
    web_home.store.execute("UPDATE sites SET heard_at = '2026-11-19T00:00:00.000Z'")
    assert "Silent sites" in member.get("/")


def test_a_form_without_the_token_changes_nothing(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(site.mail(problems=[CRASH]))
    member = web_home.member()
    answer = member.client.post("/problems/1/seen", base_url="https://localhost")
    assert answer.status_code == 400
    assert web_home.store.value("SELECT seen_at FROM problems") is None


def test_what_does_not_exist_is_404(web_home: WebHome) -> None:
    member = web_home.member()
    for path in ("/problems/7", "/bundles/7", "/sites/x", "/reports/x/y"):
        assert member.client.get(path, base_url="https://localhost").status_code == 404


def test_both_languages_have_every_text() -> None:
    assert missing_keys("home") == []


@pytest.mark.parametrize(
    ("language", "said"), [("en", "Reports per hour"), ("zh-CN", "每小时报告数")]
)
def test_how_often_is_drawn_where_a_site_said_it(
    web_home: WebHome, language: str, said: str
) -> None:
    hour = ["2026-11-21T08:00:00.000Z", 12345]
    quiet = {**CRASH, "fingerprint": "f2"}
    web_home.receive(web_home.add_site().mail(problems=[{**CRASH, "histogram": [hour]}, quiet]))
    member = web_home.member()
    page = member.get("/problems/1", language)
    assert said in page
    assert "12345</td>" in page
    assert "<svg" not in member.get("/problems/2", language)
