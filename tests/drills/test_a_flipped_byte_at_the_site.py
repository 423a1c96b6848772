"""One byte of the spool changes while the communications server is down; it starts all the same."""

from __future__ import annotations

import contextlib
import json
import sqlite3
from pathlib import Path

import pytest

from common.salvage.wal import log_of
from tests.support.two_ends import TwoEnds, assert_nothing_lost_or_doubled, event, post, two_ends
from tests.support.waiting import until

PAGE = 4096


@pytest.fixture
def ends(tmp_path: Path):
    with two_ends(tmp_path / "ends") as made:
        made.start("comm")
        made.well("comm")
        yield made


def taken(ends: TwoEnds, dsn: tuple[int, str], number: int) -> set[str]:
    """So many reports, all answered."""
    reports = [event(n % 5) for n in range(number)]
    for one in reports:
        until(lambda one=one: post(ends, dsn, one), 60, "an answer", ends.told)
    return {one["event_id"] for one in reports}


def change(path: Path, place: int, size: int = 1) -> None:
    """Other bytes from ``place`` on."""
    data = bytearray(path.read_bytes())
    data[place : place + size] = bytes(byte ^ 0x55 for byte in data[place : place + size])
    path.write_bytes(data)


def arrived(ends: TwoEnds, dsn: tuple[int, str], accepted: set[str], alarm: str) -> None:
    """It starts, takes a report, and everything reaches the vendor, with the alarm."""
    ends.start("comm")
    ends.well("comm")
    accepted |= taken(ends, dsn, 1)
    ends.start("home")
    assert_nothing_lost_or_doubled(ends, accepted, accepted)
    manifests = ends.ask("home", "SELECT manifest FROM bundles")
    assert alarm in {a["kind"] for (m,) in manifests for a in json.loads(m).get("alarms", [])}


def test_in_the_log_after_a_kill_it_is_put_right_and_nothing_is_lost(ends):
    dsn = ends.dsn()
    accepted = taken(ends, dsn, 40)
    ends.kill("comm")
    log = log_of(ends.folder / "comm" / "comm.db")
    frames = (log.stat().st_size - 32) // (PAGE + 24)
    change(log, 32 + frames // 2 * (PAGE + 24) + 24 + 1200)
    arrived(ends, dsn, accepted, "log_repaired")


def test_in_the_tree_of_the_reports_it_is_mended_and_nothing_is_lost(ends):
    dsn = ends.dsn()
    accepted = taken(ends, dsn, 60)
    database = ends.folder / "comm" / "comm.db"
    until(lambda: ends.ask("comm", "SELECT count(*) FROM reports") == [(60,)], 120, "the digest")
    assert ends.stop("comm") == 0
    with contextlib.closing(sqlite3.connect(database)) as db:
        [root] = db.execute("SELECT rootpage FROM sqlite_master WHERE name = 'reports'").fetchone()
    change(database, (root - 1) * PAGE)
    arrived(ends, dsn, accepted, "database_mended")
    assert list(database.parent.glob("comm.db.damaged-*"))
