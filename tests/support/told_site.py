"""A communications server that only tells how the site stands, for pages that show it."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask, jsonify

from common.clock import stamp
from common.serving.certificates import ensure_self_signed
from common.wire.site_report import (
    PATH,
    MailHome,
    NextMail,
    ReleaseHere,
    RestartWindow,
    SiteReport,
)
from tests.support.serving import served


def report() -> SiteReport:
    """Of a site in use: a mail that waits, one that tells of trouble, one of a quiet day."""
    now = datetime.now(UTC)

    def ago(hours: float) -> str:
        return stamp(now - timedelta(hours=hours))

    return SiteReport(
        site="Berlin 柏林",
        at=ago(0),
        recipient="reports@vendor.example",
        mails=(
            MailHome(43, "scheduled", "frozen", ago(0.1), problems=1, reports=2, bytes=18_200),
            MailHome(42, "urgent", "sent", ago(2), ago(1.9), "", 2, 5, 1, 14, 61_000),
            MailHome(41, "alive", "delivered", ago(26), ago(26), ago(25.9), bytes=5_300),
        ),
        next=NextMail("scheduled", ago(-0.9)),
        windows=(
            RestartWindow("", "0 2 * * *", 180, "Asia/Shanghai", False, ago(-9)),
            RestartWindow("canary", "", 1, "", open=True),
        ),
        rings=("canary 10%", "all approve"),
        releases=(
            ReleaseHere(
                "desk",
                "stable",
                "1.4.0",
                "going",
                {
                    "en": f"2 of the ring “canary” run it; it must stay quiet until {ago(-20)}.",
                    "zh-CN": f"“canary”环已有 2 台运行此版本；须平稳运行至 {ago(-20)}。",
                },
                2,
                14,
            ),
            ReleaseHere("desk", "stable", "1.3.2", "superseded", {}, 12, 14),
        ),
    )


@contextlib.contextmanager
def telling(folder: Path) -> Iterator[dict[str, str]]:
    """The settings with which an appliance hears it."""
    flask = Flask("communications")

    @flask.get(PATH)
    def site_report() -> object:
        return jsonify(report().as_dict())

    tls = ensure_self_signed(folder)
    with served(flask=flask, tls=tls) as server:
        yield {
            "dsn": f"https://key@127.0.0.1:{server.port}/1",
            "ca_file": str(folder / "server.pem"),
        }
