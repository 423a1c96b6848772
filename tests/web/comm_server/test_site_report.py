"""The appliance reads how the site stands; nobody else does, and no secret is in it."""

from __future__ import annotations

import re
from typing import Any

from comm_server.dsns import ensure_dsn
from common.clock import parse_stamp
from common.window import Window
from common.wire.site_report import NextMail, read_site_report
from tests.unit.comm_server.rollout.world import RolloutWorld


def ask(site: Any, authorization: str = "") -> Any:
    web = site.app().test_client()
    return web.get("/site-report", headers={"Authorization": authorization})


def key_of(site: Any, program: str) -> str:
    return ensure_dsn(site.parts.store, program, "machine", site.parts.clock)[1]


def test_the_appliance_reads_mails_windows_rings_and_when_the_next_mail_leaves(site):
    site.parts.courier.make_bundle("alive")
    site.parts.orders.set_window(Window("0 2 * * *", 180, "Asia/Shanghai"), "admin")
    key = key_of(site, "appliance")
    answer = ask(site, f"Bearer {key}")
    assert answer.status_code == 200
    report = read_site_report(answer.data)
    (mail,) = report.mails
    assert (mail.sequence, mail.reason, mail.state, mail.sent_at) == (1, "alive", "frozen", "")
    assert report.site == site.parts.site.name
    assert report.rings
    (window,) = report.windows
    assert (window.cron, window.minutes, window.opens_at > report.at) == ("0 2 * * *", 180, True)
    assert report.next.reason in {"alive", "scheduled"}
    assert report.next.at > mail.created_at
    for secret in (key, site.parts.site.enrolment_secret.hex(), "PRIVATE"):
        assert secret not in answer.text


def test_a_site_that_sent_nothing_yet_introduces_itself_at_once(site):
    report = read_site_report(ask(site, f"Bearer {key_of(site, 'appliance')}").data)
    assert (report.mails, report.next) == ((), NextMail("alive", report.at))


def test_strangers_and_the_keys_of_other_programs_are_refused(site):
    other = key_of(site, "crm")
    for shown in (
        "",
        "Bearer ",
        "Bearer nonsense",
        f"Bearer {other}",
        f"Basic {other}",
        "Bearer é",
    ):
        answer = ask(site, shown)
        assert answer.status_code == 403, shown
        assert "callstead comm dsn appliance" in answer.json["message"]


def test_times_in_the_sentences_of_releases_are_stamps_that_each_reader_sees_in_their_own_time(
    site,
):
    world = RolloutWorld(site)
    world.settings(rings=("canary", "all"), at_once=100, quiet=3600.0)
    world.join("seat-1", "seat-2")
    world.orders.set_ring("seat-1", "canary", "Ann")
    world.ship("1.0.2")
    world.install("seat-1")
    world.pass_time(seconds=1)
    (release,) = read_site_report(ask(site, f"Bearer {key_of(site, 'appliance')}").data).releases
    for sentence in release.sentences.values():
        (told,) = re.findall(r"\d{4}-\d\d-\d\dT[\d:.]+Z", sentence)
        assert parse_stamp(told) > site.parts.clock.now()
