"""Asking the communications server how the site stands."""

from __future__ import annotations

import json
from typing import Self

import pytest
import requests

from appliance.domain.site import SiteTrouble
from appliance.ops import site_report
from common.wire.site_report import MOST_BYTES, SiteReport

DSN = "https://thekey@comm:8090/3"
REPORT = SiteReport("Berlin", "2026-11-21T09:00:00.000Z")


class Answer:
    def __init__(self, status: int, body: bytes) -> None:
        self.status_code, self._body = status, body

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def iter_content(self, size: int):
        return (self._body[at : at + size] for at in range(0, len(self._body), size))


@pytest.fixture
def asked(monkeypatch):
    """Answers what was put into it, and keeps what was asked."""

    def given(status: int, body: bytes):
        seen = {}

        def get(url, **options):
            seen.update(options, url=url)
            return Answer(status, body)

        monkeypatch.setattr(requests, "get", get)
        found = site_report.site_look("https://comm:8090", DSN, "/ca.pem", 5)()
        return found, seen

    return given


def test_the_key_is_shown_to_the_site_alone_and_the_report_read(asked):
    found, seen = asked(200, json.dumps(REPORT.as_dict()).encode())
    assert (found.report, found.trouble, found.address) == (REPORT, None, "https://comm:8090")
    assert seen["headers"] == {"Authorization": "Bearer thekey"}
    assert (seen["url"], seen["verify"]) == ("https://comm:8090/site-report", "/ca.pem")
    assert seen["allow_redirects"] is False


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (403, b"", SiteTrouble.STRANGER), (404, b"", SiteTrouble.OLDER),
        (500, b"", SiteTrouble.AWAY), (308, b"", SiteTrouble.AWAY),
        (200, b"<html>", SiteTrouble.INVALID), (200, b'{"format": 2}', SiteTrouble.INVALID),
        (200, b" " * (MOST_BYTES + 1), SiteTrouble.INVALID),
    ],
)  # fmt: skip
def test_why_nothing_is_known_is_told_apart(asked, status, body, trouble):
    found, _seen = asked(status, body)
    assert (found.report, found.trouble) == (None, trouble)


@pytest.mark.parametrize(
    ("address", "dsn", "trouble"),
    [
        ("", "", SiteTrouble.NOT_PAIRED),
        ("https://comm:8090", "", SiteTrouble.NOT_PAIRED),
        ("http://comm:8090", "http://thekey@comm:8090/3", SiteTrouble.PLAIN),
        ("https://127.0.0.1:1", DSN, SiteTrouble.AWAY),
    ],
)
def test_without_a_place_to_ask_nothing_is_asked(address, dsn, trouble):
    assert site_report.site_look(address, dsn, "", 1)().trouble is trouble
