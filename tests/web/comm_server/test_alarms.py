from __future__ import annotations

import html
import json

import pytest

from comm_server import alarms
from comm_server.disk.guard import AGAIN, LOW
from tests.support.site import TestSite, crash, envelope
from tests.web.comm_server.browser import Browser

FACTS = {
    LOW: {"free": 5 * 2**20, "ballast": 64 * 2**20},
    AGAIN: {"seconds": 300, "closed": 7},
    "database_mended": {"lost": {"raw": 2}, "rows": 41, "kept_as": "comm.db.damaged-X"},
    "log_repaired": {"bytes": 1},
    "bundle_damaged": {"sequence": 41},
}


def alarm(site: TestSite, kind: str) -> None:
    at = site.now
    site.store.write(lambda connection: alarms.keep(connection, kind, at, FACTS[kind]))


@pytest.mark.parametrize("kind", FACTS)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_each_alarm_is_told_in_words_on_the_overview_and_in_the_mail(
    site: TestSite, browser: Browser, kind: str, language: str
):
    alarm(site, kind)
    browser.language = language
    page = browser.page("/")
    assert "alarm." not in page
    assert {"en": "Alarms of this server", "zh-CN": "本服务器的警报"}[language] in page
    mail = site.opened(site.bundle())
    (told,) = mail.bundle.manifest["alarms"]
    assert told["kind"] == kind
    assert told[{"en": "sentence", "zh-CN": "sentence_zh"}[language]] in html.unescape(page)


def test_a_full_disk_stands_above_everything_until_there_is_room(site: TestSite, browser: Browser):
    alarm(site, LOW)
    assert 'role="alert"' in browser.page("/")
    alarm(site, AGAIN)
    assert 'role="alert"' not in browser.page("/")


def test_a_full_disk_is_not_well(site: TestSite):
    client = site.app().test_client()
    assert client.get("/healthz").json["checks"]["disk"] == "ok"
    site.parts.disk.failed(OSError(28, "No space left on device"))
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert "reports are not taken" in answer.json["checks"]["disk"]


def test_what_waits_is_still_digested_and_mailed_while_nothing_is_taken(site: TestSite):
    site.take(envelope(crash(1)))
    site.parts.disk.failed(OSError(28, "No space left on device"))
    site.parts.disk.look(site.store)
    site.report()
    opened = site.opened(site.bundle("urgent"))
    assert list(opened.bundle.reports) == [f"{1:032x}"]
    assert json.dumps(opened.bundle.manifest["alarms"]).count(LOW) == 1
