"""A report that a program has captured reaches the vendor once, whoever is killed on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.drills.conftest import Site
from tests.support.onebox import ROOT
from tests.support.waiting import until

# A program that reports through the real SDK and our spooling transport, then is killed at once.
REPORTER = """
import os, signal, sys
from pathlib import Path
import sentry_sdk
from common import reporting

reporting.set_up(spool=Path(sys.argv[1]), release="drill@1.0")
if len(sys.argv) > 2:
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = [sys.argv[2]]  # a problem of its own, so that it is kept whole
        print(sentry_sdk.capture_exception(ValueError(sys.argv[2])), flush=True)
if len(sys.argv) > 3:
    os.kill(os.getpid(), signal.SIGKILL)
sentry_sdk.flush(30)
"""


class Reporter:
    def __init__(self, site: Site, folder: Path) -> None:
        dsn = site.json("comm", "dsn", "drill", "--machine", "drill-pc")
        self._env = site.env | {"SENTRY_DSN": dsn["dsn"], "CALLSTEAD_CA_FILE": dsn["ca_file"]}
        self._spool = folder / "reports"

    def report(self, *, die: bool = False) -> str:
        """Capture one error; its event id."""
        arguments = [str(self._spool), uuid.uuid4().hex, *(["die"] if die else [])]
        done = self._run(arguments)
        assert done.returncode == (-signal.SIGKILL if die else 0), done.stderr
        return done.stdout.strip()

    def start_again(self) -> None:
        """A start without a new error: it sends what an earlier run left."""
        assert self._run([str(self._spool)]).returncode == 0

    def _run(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", REPORTER, *arguments],
            cwd=ROOT, env=self._env, capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip


@pytest.fixture
def reporter(site, tmp_path):
    return Reporter(site, tmp_path)


def at_the_vendor(site: Site, event: str) -> int:
    [(count,)] = site.ask("home/home.db", "SELECT count(*) FROM reports WHERE id = ?", event)
    return int(count)


def arrived_once(site: Site, event: str) -> None:
    """There once, told once, and every bundle is acknowledged."""
    until(lambda: at_the_vendor(site, event), 90, "the report at the vendor", site.told)
    until(lambda: delivered(site), 90, "all bundles to be delivered", site.told)
    assert at_the_vendor(site, event) == 1
    [(count,)] = site.ask(
        "comm/comm.db",
        "SELECT p.count FROM problems p JOIN reports r ON r.problem = p.id WHERE r.event_id = ?",
        event,
    )
    assert count == 1
    [(total,)] = site.ask("home/home.db", "SELECT sum(s.count) FROM sightings s JOIN reports r "
                          "ON r.problem = s.problem WHERE r.id = ?", event)  # fmt: skip
    assert total == 1
    assert site.ask("home/home.db", "SELECT file FROM refused_mails") == []


def delivered(site: Site) -> bool:
    rows = site.ask("comm/comm.db", "SELECT state FROM bundles")
    return bool(rows) and all(state == "delivered" for (state,) in rows)


def newest(site: Site, sql: str) -> Callable[[], object]:
    """A moment: the database has more of something than now."""
    database, question = sql.split(": ", 1)
    before = site.ask(database, question)
    return lambda: site.ask(database, question) > before


MOMENTS = {
    "taken": ("comm", "comm/comm.db: SELECT count(*) FROM raw"),
    "digested": ("comm", "comm/comm.db: SELECT count(*) FROM reports"),
    "frozen": ("comm", "comm/comm.db: SELECT count(*) FROM bundles"),
    "sent": ("comm", "comm/comm.db: SELECT count(*) FROM bundles WHERE sent_at IS NOT NULL"),
    "opened": ("home", "home/home.db: SELECT count(*) FROM bundles"),
    "delivered": ("comm", "comm/comm.db: SELECT count(*) FROM bundles WHERE state = 'delivered'"),
}


@pytest.mark.parametrize("moment", MOMENTS)
def test_killed_when_the_report_is(site, reporter, moment):
    victim, question = MOMENTS[moment]
    come = newest(site, question)
    pid = site.pids()[victim]
    event = reporter.report()
    killed = site.kill_when(victim, come)
    assert killed == pid
    site.back(victim, killed)
    arrived_once(site, event)


def test_killed_when_the_mail_lies_in_the_mailbox(site, reporter):
    maildir = site.home / "home" / "Maildir"

    def mails() -> int:
        return sum(1 for folder in ("new", "cur") for _ in (maildir / folder).iterdir())

    before = mails()
    event = reporter.report()
    killed = site.kill_when("home", lambda: mails() > before)
    site.back("home", killed)
    arrived_once(site, event)


def test_the_program_is_killed_right_after_it_captured(site, reporter):
    event = reporter.report(die=True)
    reporter.start_again()
    arrived_once(site, event)


def test_the_program_reports_while_the_communications_server_is_dead(site, reporter):
    pid = site.pids()["comm"]
    os.kill(pid, signal.SIGKILL)
    event = reporter.report()  # flush waits: `callstead run` brings the server back meanwhile
    site.back("comm", pid)
    reporter.start_again()
    arrived_once(site, event)
