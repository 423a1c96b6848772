"""The communications server's word to the site's own programs."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.errors import RefusedError
from common.wire.site_report import (
    MailHome,
    NextMail,
    ReleaseHere,
    RestartWindow,
    SiteReport,
    read_site_report,
)

REPORT = SiteReport(
    site="柏林 Berlin",
    at="2026-11-21T09:00:00.000Z",
    recipient="reports@vendor.example",
    mails=(MailHome(7, "urgent", "sent", "2026-11-21T08:00:00.000Z", masked=3),),
    next=NextMail("scheduled", "2026-11-21T10:00:00.000Z"),
    windows=(RestartWindow("", "0 2 * * *", 180, "Asia/Shanghai"),),
    rings=("canary 10%", "all approve"),
    releases=(ReleaseHere("desk", "stable", "1.2", "going", {"en": "It spreads."}, 3, 7),),
)


def sent(**changes: Any) -> bytes:
    return json.dumps({**REPORT.as_dict(), **changes}).encode()


def test_what_is_told_is_what_is_read():
    assert read_site_report(sent()) == REPORT


def test_an_older_one_leaves_out_and_a_newer_one_adds():
    assert read_site_report(b'{"format": 1, "site": "B", "at": ""}') == SiteReport("B", "")
    mails = [{"sequence": 1, "colour": "blue"}]
    assert read_site_report(sent(mails=mails, weather="fine")).mails == (MailHome(1),)


@pytest.mark.parametrize(
    "data",
    [
        b"", b"[]", b"{}", sent(format=2), sent(site=7), sent(mails={}), sent(mails=[7]),
        sent(mails=[{"sequence": "7"}]), sent(mails=[{"sequence": True}]), sent(next=[]),
        sent(windows=[{"open": 1}]), sent(rings="all"), sent(rings=["x"] * 101),
        sent(releases=[{"sentences": ["x"]}]), sent(releases=[{"sentences": {"en": 1}}]),
        sent(site="x" * 2001), b'{"format": 1, "site": "' + b"x" * 300_000 + b'"}',
    ],
)  # fmt: skip
def test_what_is_not_as_described_is_refused(data):
    with pytest.raises(RefusedError):
        read_site_report(data)
