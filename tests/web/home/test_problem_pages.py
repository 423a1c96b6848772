"""From the mail to the line at fault, and the work on a problem, as a browser without scripts."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import TestResponse

from common.wire.envelope import Item, write
from common.wire.release import Manifest
from home.pack import pack
from home.publish import room
from tests.support.events import AT, EVENT, EVIL
from tests.support.vendor import CRASH, Site
from tests.web.home.conftest import Member, WebHome

KEY = {**CRASH, "fingerprint": "f2", "type": "KeyError", "title": "KeyError: 'queue'", "count": 9}


def answer(member: Member, path: str) -> TestResponse:
    return member.client.get(path, base_url="https://localhost", headers={"Accept-Language": "en"})


def report(site: Site, *names: str, **content: Any) -> bytes:
    """A mail with CRASH and a report of it for each name."""
    entries = [
        {"id": name, "fingerprint": "f1", "program": "companion", "machine": "seat-1",
         "received_at": f"2026-11-21T08:30:0{n}.000Z"}
        for n, name in enumerate(names)
    ]  # fmt: skip
    reports = {name: {**EVENT, "tags": {"name": name}} for name in names}
    return site.mail({"reports": reports, **content}, problems=[CRASH], reports=entries)


def test_a_mails_link_leads_to_the_line_at_fault(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(report(site, "e1"))
    member = web_home.member()
    found = answer(member, "/find/f1?program=companion")
    assert (found.status_code, found.location) == (303, "/problems/1#fault")
    page = member.get("/problems/1")
    here = page[page.index('id="fault"') :]
    line = re.search(r'class="row here"><span class="no">(\d+)</span>(.*)', here)
    assert line is not None
    assert (line[1], line[2]) == ("12", "    return n / 0")
    assert here.index("<details open>") < here.index("return n / 0")


def test_a_fingerprint_that_is_pasted_into_the_search_leads_there_too(web_home: WebHome) -> None:
    web_home.receive(web_home.add_site().mail(problems=[CRASH, KEY]))
    member = web_home.member()
    assert answer(member, "/problems?search=+f2+").location == "/problems/2#fault"
    unknown = answer(member, "/find/nothing")
    assert unknown.location == "/problems?search=nothing"
    assert "No problem is like this" in member.get(unknown.location)


def test_a_link_asks_to_sign_in_first_and_goes_on(web_home: WebHome) -> None:
    asked = web_home.stranger().get("/find/f1?program=companion", base_url="https://localhost")
    assert asked.location == "/sign-in?next=/find/f1?program%3Dcompanion"


def test_the_way_back_keeps_the_filters_and_nothing_else(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(site.mail(problems=[CRASH, KEY]))
    member = web_home.member()
    page = member.get(f"/problems?search=queue&site={site.id}&sort=busiest&evil=1")
    link = re.search(r'href="(/problems/2[^"]*)"', page)
    assert link is not None
    page = member.get(link[1].replace("&amp;", "&"))
    back = f'href="/problems?search=queue&amp;site={site.id}&amp;sort=busiest"'
    assert back in page
    member.post("/problems/2", link[1].replace("&amp;", "&").replace("2?", "2/seen?"))
    page = member.get("/problems/2?back=https://evil.example/%3Fsearch%3Dx")
    assert 'class="crumb"><a href="/problems">' in page
    assert 'href="http' not in page


def test_the_list_says_what_to_do_when_it_is_empty(web_home: WebHome) -> None:
    member = web_home.member()
    assert "They appear here when the mails of sites arrive" in member.get("/problems")
    web_home.receive(web_home.add_site().mail(problems=[CRASH]))
    assert "Use fewer words" in member.get("/problems?status=ignored")


def test_a_long_list_comes_in_pages_with_its_filters(web_home: WebHome) -> None:
    many = [{**CRASH, "fingerprint": f"f{n}", "title": f"Error number {n:03}"} for n in range(60)]
    web_home.receive(web_home.add_site().mail(problems=many))
    member = web_home.member()
    first = member.get("/problems?search=error+number")
    assert "60 problems; 1 to 50 are shown" in first
    assert 'rel="next" href="/problems?search=error+number&amp;page=1"' in first
    second = member.get("/problems?search=error+number&page=1")
    assert "51 to 60 are shown" in second
    assert len(set(re.findall(r"Error number \d+", first + second))) == 60
    for odd in ("-1", "x", "9" * 30, "²"):
        assert "<h1>" in member.get(f"/problems?page={odd}")


def test_each_row_draws_its_trend(web_home: WebHome) -> None:
    hours = {"histogram": [["2026-11-21T08:00:00.000Z", 3]]}
    web_home.receive(web_home.add_site().mail(problems=[{**CRASH, **hours}]))
    member = web_home.member()
    for query in ("", "?trend=24h", "?trend=odd"):
        page = member.get(f"/problems{query}")
        assert page.count('<svg class="spark"') == 1
        assert page.count('<rect class="bar"') == 1


def test_the_kept_reports_are_flipped_through_in_time(web_home: WebHome) -> None:
    site = web_home.add_site()
    web_home.receive(report(site, "e1", "e2", "e3"))
    member = web_home.member()
    page, seen = member.get("/problems/1"), []
    for _ in range(3):
        seen.append(re.findall(r"<dd>(e\d)</dd>", page))
        older = re.search(r'rel="next"[^>]*href="([^"]+)"', page)
        if older:
            page = member.get(older[1].replace("&amp;", "&"))
    assert seen == [["e3"], ["e2"], ["e1"]]
    assert "kept report 3 of 3" in page
    assert 'rel="next"' not in page
    first = re.search(r'href="([^"]+)">The first one', member.get("/problems/1"))
    assert first is not None
    assert "kept report 3 of 3" in member.get(first[1].replace("&amp;", "&"))


def test_files_of_a_report_are_downloads_whatever_they_claim_to_be(web_home: WebHome) -> None:
    site = web_home.add_site()
    event = "a" * 32
    files = (
        Item({"type": "attachment", "filename": f"../{EVIL}.html", "content_type": "text/html"},
             EVIL.encode()),
        Item({"type": "attachment", "filename": "screen.png", "withheld": True, "size": 2048,
              "sha256": "ab" * 32}, b""),
    )  # fmt: skip
    raw = {"7": write({"event_id": event}, files)}
    web_home.receive(report(site, event, raw=raw))
    member = web_home.member()
    page = member.get("/problems/1")
    assert EVIL not in page
    assert "not sent: the site tells only" in page
    link = re.search(r'href="(/reports/[^"]+/files/0)"', page)
    assert link is not None
    file = answer(member, link[1])
    assert file.data == EVIL.encode()
    assert file.mimetype == "application/octet-stream"
    assert file.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in file.headers["Content-Security-Policy"]
    disposition = file.headers["Content-Disposition"]
    assert disposition.startswith("attachment; filename=")
    assert "/" not in disposition
    assert "<" not in disposition
    for place in ("1", "2", "9" * 12):
        assert answer(member, link[1][:-1] + place).status_code == 404


def test_problems_are_merged_by_number_or_fingerprint_and_taken_apart(web_home: WebHome) -> None:
    web_home.receive(web_home.add_site().mail(problems=[CRASH, KEY]))
    member = web_home.member()
    for named in ("#2", "f2"):
        assert member.post("/problems/1", "/problems/1/merge", other=named) == 303
        page = member.get("/problems/1")
        assert "Merged." in page
        assert "merged problem #2 into it" in page
        assert answer(member, "/problems/2").location == "/problems/1"
        assert "KeyError" not in member.get("/problems?sort=busiest&program=companion")
        assert member.post("/problems/1", "/problems/2/split") == 303
        assert "KeyError" in member.get("/problems/2")
        assert "took problem #2 out again" in member.get("/problems/1")


@pytest.mark.parametrize(
    ("other", "said"),
    [("#9", "There is no such problem."), ("x", "no problem of this number"), ("1", "one problem")],
)
def test_what_cannot_be_merged_says_why(web_home: WebHome, other: str, said: str) -> None:
    web_home.receive(web_home.add_site().mail(problems=[CRASH]))
    member = web_home.member()
    assert member.post("/problems/1", "/problems/1/merge", other=other) == 303
    assert said in member.get("/problems/1")
    assert member.post("/problems/1", "/problems/1/split") == 404


def test_a_release_lists_what_it_fixes_and_where_it_came_back(web_home: WebHome) -> None:
    north, south = web_home.add_site("North"), web_home.add_site("South")
    web_home.receive(north.mail({"receipts": [north.receipt()]}, problems=[CRASH],
                                clients=[north.client()]))  # fmt: skip
    web_home.receive(south.mail(problems=[CRASH]))
    member = web_home.member()
    assert answer(member, "/releases/of/companion/1.0.1").status_code == 404
    web_home.clock.advance(1)
    member.post("/problems/1", "/problems/1/resolve", other="companion@1.0.1")
    for path in ("/problems/1", "/releases/of/companion/1.0.1"):
        page = member.get(path)
        assert "no recurrence at 2 sites since" in page
        assert "1 of them run that release" in page
    web_home.clock.advance(1)
    back = {**CRASH, "status": "regression", "came_back_in": "companion@1.0.2"}
    web_home.receive(south.mail(problems=[back]))
    for path in ("/problems/1", "/releases/of/companion/1.0.1"):
        page = member.get(path)
        assert "came back at South (companion@1.0.2)" in page
        assert "no recurrence at 1 sites since" in page


def test_refusals_are_told_in_the_readers_language(web_home: WebHome) -> None:
    sentence = "The vendor's list of releases is older than one already seen. Nothing was changed."
    told = [{"at": AT, "kind": "rollback", "sentence": sentence},
            {"at": AT, "kind": "of-another-version", "sentence": "Something new."}]  # fmt: skip
    web_home.receive(web_home.add_site().mail(refusals=told))
    member = web_home.member()
    english, chinese = member.get("/"), member.get("/", "zh-CN")
    assert "older than one already seen" in english
    assert "比已见过的更旧" in chinese
    assert "older than one already seen" in chinese  # as it was written, to open
    assert "Something new." in chinese


def test_a_sites_alarms_stand_on_the_overview_for_a_week_and_on_its_page(
    web_home: WebHome,
) -> None:
    told = {"kind": "disk_low", "sentence": "The disk is full.", "sentence_zh": "磁盘已满。"}
    site = web_home.add_site()
    old = {"at": "2026-11-01T08:00:00.000Z", "kind": "log_repaired", "sentence": "Long ago."}
    web_home.receive(site.mail(alarms=[{"at": AT, **told}, old]))
    web_home.receive(site.mail(alarms=[{"at": AT, **told}]))  # told again: the same
    member = web_home.member()
    assert member.get("/").count("The disk is full.") == 1
    assert "磁盘已满。" in member.get("/", "zh-CN")
    assert "Long ago." not in member.get("/")
    assert "Long ago." in member.get(f"/sites/{site.id}")


def test_the_release_that_fixes_it_is_chosen_from_what_is_published(
    web_home: WebHome, tmp_path: Path
) -> None:
    settings = web_home.parts.settings.current
    for version in ("1.0.1", "1.0.2"):
        program = tmp_path / version
        program.mkdir()
        (program / "run").write_text(version)
        draft = Manifest("companion", version, "linux-x86_64", ("run",), ())
        pack(program, draft, tmp_path / f"pack-{version}", level=1, clock=web_home.clock)
        with room.open_releases(settings, web_home.clock) as releases:
            releases.publish(tmp_path / f"pack-{version}", "ann")
    web_home.receive(web_home.add_site().mail(problems=[CRASH]))
    member = web_home.member()
    page = member.get("/problems/1")
    assert re.findall(r"<option>(companion@[^<]+)", page) == ["companion@1.0.2", "companion@1.0.1"]
    assert member.post("/problems/1", "/problems/1/resolve", release="companion@1.0.2") == 303
    page = member.get("/problems/1")
    assert 'href="/releases/of/companion/1.0.2"' in page
    assert "not published here" not in page
    assert "ZeroDivisionError" in member.get("/releases/of/companion/1.0.2")
    assert "No problem is resolved in this release" in member.get("/releases/of/companion/1.0.1")
    member.post("/problems/1", "/problems/1/take-back")
    assert member.post("/problems/1", "/problems/1/resolve", other="companion@9.9") == 303
    assert "not published here" in member.get("/problems/1")
