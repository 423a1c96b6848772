"""The process that understands reports may die, hang or be killed: no report is lost by it."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest

from comm_server.digest import digest_some
from comm_server.scrub import Phones
from comm_server.settings import IntakeSettings
from comm_server.understander import Understander
from comm_server.understanding import Raw, understand
from common.errors import OperatorError
from tests.support.site import TestSite, crash, envelope

SETTINGS = IntakeSettings()
PHONES = Phones()


@pytest.fixture
def understander() -> Iterator[Understander]:
    made = Understander()
    yield made
    made.close()


def raw(number: int, **extra: object) -> Raw:
    return Raw("sentry", "", envelope(crash(number, **extra)))


def test_it_finds_what_is_found_here(understander: Understander):
    chunks = [[raw(1), Raw("sentry", "gzip", b"no gzip")], [raw(2, message="password='hunter2'")]]
    here = [[understand(one, SETTINGS, PHONES) for one in chunk] for chunk in chunks]
    assert list(understander.all(chunks, SETTINGS, PHONES)) == here
    assert here[0][1].poison
    assert here[1][0].scrubbed


def test_nothing_asked_starts_no_process(understander: Understander):
    assert list(understander.all([], SETTINGS, PHONES)) == []
    assert understander._process is None


def test_killed_between_two_reports_it_goes_on(understander: Understander):
    def chunks() -> Iterator[list[Raw]]:
        yield [raw(1)]
        process = understander._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        process.wait(60)
        yield [raw(2)]

    ids = [
        one.found[0].event_id
        for done in understander.all(chunks(), SETTINGS, PHONES)
        for one in done
    ]
    assert ids == [f"{1:032x}", f"{2:032x}"]


def test_when_it_does_not_start_reports_wait_and_are_not_blamed(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, understander: Understander
):
    site.take(envelope(crash(1)))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(OperatorError, match="does not start"):
            digest_some(site.store, site.intake, PHONES, understander)
    assert site.store.value("SELECT state FROM raw") == "new"
    assert digest_some(site.store, site.intake, PHONES, understander) == 1
    assert site.store.value("SELECT count(*) FROM reports") == 1


@pytest.mark.parametrize("how", ["dies", "hangs"])
def test_a_report_on_which_it_dies_or_hangs_is_quarantined_and_the_rest_go_on(
    site: TestSite, monkeypatch: pytest.MonkeyPatch, understander: Understander, how: str
):
    """The real process; what it does with one report is put into it by a module of the test."""
    act = {"dies": "os._exit(9)", "hangs": "time.sleep(600)"}[how]
    (site.parts.folder / "sitecustomize.py").write_text(
        "import os, time\n"
        "import comm_server.understanding as u\n"
        "real = u.understand\n"
        "def understand(raw, settings, phones):\n"
        f"    if b'evil' in raw.body: {act}\n"
        "    return real(raw, settings, phones)\n"
        "u.understand = understand\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site.parts.folder))
    site.take(envelope(crash(1)))
    evil = site.take(envelope(crash(2, message="evil")))
    site.take(envelope(crash(3)))
    settings = replace(site.intake, digest_seconds=5.0)
    while digest_some(site.store, settings, PHONES, understander):
        pass
    kept = [
        json.loads(r["event"])["event_id"] for r in site.store.rows("SELECT event FROM reports")
    ]
    assert kept == [f"{1:032x}", f"{3:032x}"]
    row = site.store.row("SELECT id, body, error FROM raw WHERE state = 'quarantined'")
    assert row is not None
    assert row["id"] == evil
    assert b"evil" in row["body"]
    assert "died of it" in row["error"]
