"""What the customer reads of what leaves the site, and of what was logged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from comm_server.log_lines import LogLine, keep_lines
from common.clock import stamp
from common.web.texts import missing_keys
from common.wire.envelope import Item, write
from tests.support.site import ListTransport, TestSite, crash
from tests.web.comm_server.browser import Browser

EVIL = "<script>alert(1)</script>"
ID = f"{1:032x}"


def lines(site: TestSite, *lines: LogLine) -> None:
    logs = site.parts.settings.current.logs
    site.store.write(lambda connection: keep_lines(connection, lines, logs, site.now))


def line(site: TestSite, text: str, **changes: str) -> LogLine:
    return replace(
        LogLine("pbx", "asterisk", stamp(site.clock.now()), "info", text),
        **changes,
    )


def attach(site: TestSite, *files: Item) -> None:
    site.take(write({"event_id": ID}, files))
    site.report()


def test_what_waits_is_read_before_it_leaves_and_after(site: TestSite, browser: Browser) -> None:
    site.report(crash(1, extra={"password": "hunter2", "caller": "13812345678"}))
    page = browser.page("/waiting")
    assert "New problems (1)" in page
    assert f"/waiting/reports/{ID}.json" in page
    before = browser.page(f"/waiting/reports/{ID}.json")
    assert "[phone *5678]" in before
    assert "hunter2" not in before
    number = site.bundle()
    site.acknowledge(number)
    address = f"/sent/{number}/content"
    assert f"{address}/manifest.json" in browser.page(address)
    after = browser.page(f"{address}/reports/{ID}.json")
    assert "[phone *5678]" in after
    assert "division by zero" in after
    downloaded = browser.get(f"{address}/reports/{ID}.json?download")
    assert downloaded.headers["Content-Disposition"].startswith("attachment")
    assert downloaded.mimetype == "application/octet-stream"


def test_what_was_let_go_of_says_so(site: TestSite, browser: Browser) -> None:
    site.report(crash(1))
    number = site.bundle()
    assert "Read all of it" in browser.page(f"/sent/{number}")
    site.store.execute("DELETE FROM sent_content")
    assert "let go of here, by age" in browser.page(f"/sent/{number}")
    assert browser.get(f"/sent/{number}/content").status_code == 404


@pytest.mark.parametrize("path", ["/waiting/raw/../x", "/waiting/nothing", "/sent/1/content/x"])
def test_a_file_that_is_not_there_is_404(site: TestSite, browser: Browser, path: str) -> None:
    site.report(crash(1))
    site.bundle()
    assert browser.get(path).status_code == 404


def test_a_mail_is_held_for_a_person_to_read(site: TestSite) -> None:
    settings = site.parts.settings
    mail = replace(settings.current.mail, hold_for=600)
    settings.current = replace(settings.current, mail=mail)
    site.report(crash(1))
    site.bundle()
    transport = ListTransport()
    site.clock.advance(599)
    assert site.parts.outbox.send_due(transport, 60) == 0
    site.clock.advance(1)
    assert site.parts.outbox.send_due(transport, 60) == 1


def test_the_rules_in_force_and_what_they_took_are_shown(site: TestSite, browser: Browser) -> None:
    site.report(crash(1, extra={"password": "hunter2", "caller": "13812345678"}))
    page = browser.page("/scrubbing")
    assert "all but the last four digits" in page
    assert 'telephone numbers</td><td class="number">1</td><td class="number">0' in page
    site.bundle()
    page = browser.page("/scrubbing")
    assert 'telephone numbers</td><td class="number">0</td><td class="number">1' in page
    assert "telephone numbers" in browser.page("/sent/1")
    settings = site.parts.settings
    scrub = replace(settings.current.scrub, phones="all", binary_attachments=True)
    settings.current = replace(settings.current, scrub=scrub)
    page = browser.page("/scrubbing")
    assert "masked whole" in page
    assert "sent as they are" in page


def test_lines_are_found_by_words_machine_program_level_and_time(
    site: TestSite, browser: Browser
) -> None:
    lines(
        site,
        line(site, f"hangup {EVIL}"),
        line(site, "trunk lost", level="error"),
        line(site, "answer", machine="seat-1", program="desk"),
        line(site, "long ago", at="2026-11-19T08:00:00.000Z"),
    )
    every = browser.page("/logs")
    assert "hangup &lt;script&gt;" in every
    assert EVIL not in every
    assert "long ago" not in every
    for query, found in (
        ("search=TRUNK+lost", "trunk lost"),
        ("machine=seat-1", "answer"),
        ("program=desk", "answer"),
        ("level=warning", "trunk lost"),
        ("since=2026-11-19T00:00&until=2026-11-20T00:00", "long ago"),
    ):
        page = browser.page(f"/logs?{query}")
        texts = ("hangup &lt;", "trunk lost</td>", "answer</td>", "long ago</td>")
        assert [text for text in texts if text in page] == [
            text for text in texts if text.startswith(found)
        ], query
    assert "No line of this time" in browser.page("/logs?search=100%25")


@pytest.mark.parametrize("query", ["since=x", "until=9999-12-31T23:59", "since=0001-01-01T00:00"])
def test_odd_times_harm_nothing(site: TestSite, browser: Browser, query: str) -> None:
    lines(site, line(site, "x"))
    browser.page(f"/logs?{query}")


def test_many_lines_come_in_pages(site: TestSite, browser: Browser) -> None:
    lines(site, *(line(site, f"line {n}") for n in range(150)))
    page = browser.page("/logs?machine=pbx")
    assert 'href="/logs?machine=pbx&amp;page=1"' in page
    assert "line 149" in page
    assert "line 49<" in browser.page("/logs?machine=pbx&page=1")


def test_a_problem_shows_the_lines_around_it_and_its_files(
    site: TestSite, browser: Browser
) -> None:
    lines(site, line(site, "hangup, cause 38", level="error"))
    site.report(crash(1))
    attach(site, Item({"type": "attachment", "filename": f"a{EVIL}.log"}, b"12345"))
    page = browser.page("/problems/1")
    assert "hangup, cause 38" in page
    assert "the error happened here" in page
    assert "a&lt;script&gt;" in page
    site.acknowledge(site.bundle())
    assert "a&lt;script&gt;" in browser.page("/problems/1")


def test_the_kept_reports_are_flipped_through(site: TestSite, browser: Browser) -> None:
    site.report(*(crash(n, message=f"call {n}") for n in (1, 2, 3)))
    page = browser.page("/problems/1")
    assert "kept report 1 of 3" in page
    assert f"{3:032x}" in page
    page = browser.page("/problems/1?report=2&back=search%3Dzero%26evil%3D1")
    assert "kept report 2 of 3" in page
    assert f"{2:032x}" in page
    assert 'href="/problems?search=zero"' in page


def test_the_list_is_searched_and_narrowed(site: TestSite, browser: Browser) -> None:
    site.report(crash(1), crash(2, kind="KeyError", message="no queue of this name"))
    site.report(crash(3, kind="OSError"), dsn=site.dsn("desk", "seat-9")[0])
    names = ("ZeroDivisionError", "KeyError", "OSError")
    for query, found in (
        ("search=key", ["KeyError"]),
        ("search=queue+name", ["KeyError"]),
        ("search=seat-9", ["OSError"]),
        ("search=1.0.0+zerodivision", ["ZeroDivisionError"]),
        ("search=%25", []),
        ("program=desk", ["OSError"]),
        ("machine=seat-1", ["ZeroDivisionError", "KeyError"]),
        ("state=resolved", []),
        ("state=new", list(names)),
    ):
        page = browser.page(f"/problems?{query}")
        assert [name for name in names if f">{name}" in page] == found, query
    assert "No problem is like this" in browser.page("/problems?search=nothing+here")


def test_every_text_is_there_in_both_languages() -> None:
    assert missing_keys("comm_server") == []
