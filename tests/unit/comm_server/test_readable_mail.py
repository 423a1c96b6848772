"""The mail's readable part: what broke, where, since which version, in both languages."""

from __future__ import annotations

import json
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from functools import partial

import pytest

from comm_server.mail.readable import sections, subject
from comm_server.mail.told import told
from common.web.texts import LANGUAGES, Texts
from common.wire.bundle import Bundle
from tests.support.site import TestSite, crash

NASTY = '<img src=x onerror="alert(1)">&"\''


def read(site: TestSite, sequence: int) -> tuple[EmailMessage, str, str]:
    message = message_from_bytes(site.mail(sequence), policy=policy.default)
    assert isinstance(message, EmailMessage)
    parts = {}
    for kind in ("plain", "html"):
        part = message.get_body((kind,))
        assert part is not None
        parts[kind] = part.get_content()
    return message, parts["plain"], parts["html"]


def test_it_names_what_broke_where_since_which_version_and_how_often(site: TestSite):
    site.report(crash(1), crash(2, release="companion@1.0.1"))
    message, text, html = read(site, site.bundle("urgent"))
    for part in (text, html):
        for expected in (
            "ZeroDivisionError: division by zero",
            "companion.work:half",
            "return 1 / n",
            "companion@1.0.0, companion@1.0.1",
            "seat-1",
            "New problems (1)",
            "新问题（1）",
            "Broken since",
            "自此版本起出错",
        ):
            assert expected in part, expected
    assert "ZeroDivisionError" in message["Subject"]
    assert "companion@1.0.0" in message["Subject"]
    assert message["To"] == "in@home.example"
    assert message["Auto-Submitted"] == "auto-generated"


def test_the_subject_is_in_the_first_language(site: TestSite):
    message, _text, _html = read(site, site.bundle())
    assert message["Subject"] == "[Callstead] North: 运行正常，没有错误"


def test_a_quiet_site_says_that_it_is_alive(site: TestSite):
    _message, text, _html = read(site, site.bundle("alive"))
    assert "Alive, no errors" in text
    assert "运行正常" in text


@pytest.mark.parametrize("field", ["kind", "release", "value"])
def test_a_hostile_title_does_not_become_html(site: TestSite, field: str):
    event = crash(1)
    exception = event["exception"]["values"][0]
    if field == "kind":
        exception["type"] = NASTY
    elif field == "value":
        exception["value"] = NASTY
    else:
        event["release"] = NASTY
    exception["stacktrace"]["frames"][0]["function"] = NASTY
    exception["stacktrace"]["frames"][0]["context_line"] = NASTY
    site.report(event)
    _message, text, html = read(site, site.bundle())
    assert "<img" not in html
    assert "&lt;img" in html
    assert NASTY in text


def test_a_hostile_title_makes_no_header_and_steers_no_terminal(site: TestSite):
    site.report(crash(1, kind="Boom\r\nBcc: thief@example.com\r\n\r\n\x1b[31m\u202e"))
    message, text, _html = read(site, site.bundle())
    assert message["Bcc"] is None
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "\n" not in message["Subject"]


def test_a_site_name_with_a_line_break_stays_one_header(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    named = replace(site.parts.site, name="North\r\nBcc: x@y.z")
    monkeypatch.setattr(site.parts.courier._collector, "_site", named)
    message, _text, _html = read(site, site.bundle())
    assert message["Bcc"] is None


def test_the_sites_health_stands_in_three_lines(site: TestSite):
    for name, seen in (("seat-1", site.now), ("seat-2", "2020-01-01T00:00:00.000Z")):
        site.store.execute(
            "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, "
            "joined_at, last_seen) VALUES (?, ?, 'linux', ?, 'k', ?, ?)",
            (name, name, name, seen, seen),
        )
    _message, text, _html = read(site, site.bundle())
    assert "Disk of the communications server" in text
    assert "Memory: " in text
    assert "Not heard from for an hour: 1 client(s), seat-2 (2020-01-01 00:00:00 UTC)" in text


def test_what_came_back_stands_between_the_new_and_the_known(site: TestSite):
    site.report(*(crash(n, kind=f"Error{n}") for n in range(1, 4)))
    site.bundle()
    row = site.parts.outbox.one(1)
    assert row is not None
    manifest = json.loads(row["summary"])
    for problem, status in zip(manifest["problems"], ("known", "regression", "new"), strict=True):
        problem["status"] = status
    texts = site.parts.courier._texts
    t = partial(texts.t, language="en")
    titles = [section.title for section in sections(Bundle(manifest), t)]
    assert titles[:3] == [
        "New problems (1)",
        "Back after they were resolved (1)",
        "Seen again (1)",
    ]
    assert "came back" in subject(Bundle(manifest), t)


def test_many_problems_are_cut_and_counted(site: TestSite):
    site.report(*(crash(n, kind=f"Error{n}") for n in range(1, 26)))
    _message, text, _html = read(site, site.bundle())
    assert "… and 5 more in the bundle" in text


def test_a_hundred_machines_do_not_fill_the_mail(site: TestSite):
    for number in range(1, 31):
        dsn, _ = site.dsn("companion", f"seat-{number:03}")
        site.report(crash(number), dsn=dsn)
    _message, text, _html = read(site, site.bundle())
    assert "seat-010" in text
    assert "seat-011" not in text
    assert " …" in text


def test_what_is_missing_or_masked_is_told(site: TestSite):
    site.take(b"poison")
    site.report(crash(1, extra={"password": "hunter2"}))
    _message, text, _html = read(site, site.bundle())
    assert "fields with a telling name”: 1" in text
    assert "sent with what was masked: 1" in text


def test_a_failed_update_is_told_with_its_reason(site: TestSite):
    site.store.execute(
        "INSERT INTO clients (client, name, platform, certificate_sha256, public_key, joined_at) "
        "VALUES ('c-1', 'seat-1', 'linux', 'f', 'k', ?)",
        (site.now,),
    )
    statement = {
        "id": "r", "client": "c-1", "product": "companion", "version": "1.0.2",
        "outcome": "rolled_back", "reason": f"did not start\n{NASTY}", "at": site.now,
    }  # fmt: skip
    site.parts.rollout.keep_receipt("c-1", statement, {"statement": statement, "signature": ""})
    message, text, html = read(site, site.bundle("urgent"))
    assert "companion 1.0.2 · seat-1: rolled back" in text
    assert "<img" not in html
    assert "companion 1.0.2" in message["Subject"]


def test_the_customer_reads_the_same_before_and_after_delivery(site: TestSite):
    site.report(crash(1))
    number = site.bundle()
    texts = site.parts.courier._texts

    def t(key: str, **values: object) -> str:
        return texts.t(key, language="en", **values)

    bundle = site.parts.outbox.one(number)
    assert bundle is not None
    before = told(site.store, bundle, t)
    site.acknowledge(number)
    bundle = site.parts.outbox.one(number)
    assert bundle is not None
    after = told(site.store, bundle, t)
    assert (after.text, before.sections) == ("", ())
    lines = [
        line
        for section in after.sections
        for item in section.items
        for line in (section.title, item.headline, item.next_step, *(v for _, v in item.facts))
    ]
    for line in lines:
        assert line in before.text
    assert len(lines) > 10


def test_each_problem_links_to_itself_on_the_vendors_console(site: TestSite):
    linked = replace(site.parts.site, console="https://console.example:8070")
    site.parts.courier._site = linked
    site.report(crash(1))
    fingerprint = site.store.value("SELECT fingerprint FROM problems")
    address = f"https://console.example:8070/find/{fingerprint}?program=companion"
    _message, text, html = read(site, site.bundle())
    assert address in text
    assert f"<a href='{address}'>" in html


def test_without_the_consoles_address_there_is_no_link(site: TestSite):
    site.report(crash(1))
    _message, text, html = read(site, site.bundle())
    assert "/find/" not in text + html
    assert site.store.value("SELECT fingerprint FROM problems") in text


def test_what_was_refused_is_told_in_each_language_by_its_kind():
    t = {language: partial(Texts("comm_server").t, language=language) for language in LANGUAGES}
    sentence = "The list is older than one already seen. Nothing was changed."
    row = {"at": "2026-11-21T09:00:00.000Z", "via": "pull", "kind": "rollback"}
    manifest = {
        "problems": [], "clients": [], "dropped": {}, "scrubbed": {}, "created": row["at"],
        "totals": {"reports": 0, "problems": 0},
        "refusals": [row | {"sentence": sentence}, row | {"kind": "odd", "sentence": "Odd."}],
    }  # fmt: skip
    told_in = {
        language: [item.headline for item in sections(Bundle(manifest), t[language])[0].items]
        for language in LANGUAGES
    }
    assert told_in["en"] == [sentence, "Odd."]
    assert told_in["zh-CN"][0].startswith("比已见过的更旧")
    assert sentence in told_in["zh-CN"][0]
    assert told_in["zh-CN"][1] == "Odd."
