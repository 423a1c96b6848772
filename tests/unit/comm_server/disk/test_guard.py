from __future__ import annotations

import errno
import json
import sqlite3
from pathlib import Path

import pytest

from comm_server.disk import DiskGuard, Limits, ballast
from tests.support.site import TestSite, crash

MIB = 2**20
LIMITS = Limits(ballast=4 * MIB, least_free=128 * MIB, resume_free=256 * MIB)


class Disk:
    """A disk with as much room as the test says, less what the ballast takes."""

    def __init__(self, site: TestSite) -> None:
        self.free = 1000 * MIB
        self.limits = LIMITS
        self.folder = site.parts.folder
        self.site = site
        self.guard = self.new()

    def new(self) -> DiskGuard:
        return DiskGuard(
            self.folder, lambda: self.limits, self.site.clock, lambda _folder: self.free
        )

    @property
    def held(self) -> int:
        return ballast.held(self.folder / "ballast")

    def look(self) -> None:
        self.guard.look(self.site.store)

    def alarms(self) -> list[tuple[str, dict]]:
        rows = self.site.store.rows("SELECT kind, facts FROM alarms ORDER BY id")
        return [(row["kind"], json.loads(row["facts"])) for row in rows]


@pytest.fixture
def disk(site: TestSite) -> Disk:
    made = Disk(site)
    made.guard.start(site.store)
    return made


def full() -> sqlite3.Error:
    error = sqlite3.OperationalError("database or disk is full")
    error.sqlite_errorcode = sqlite3.SQLITE_FULL
    return error


def test_at_the_start_the_ballast_is_really_allocated(disk):
    assert disk.held == LIMITS.ballast
    assert disk.guard.taking


def test_a_disk_that_fills_up_frees_the_ballast_stops_and_raises_the_alarm(disk):
    disk.free = 100 * MIB
    disk.look()
    assert (disk.held, disk.guard.taking) == (0, False)
    assert "reports are not taken" in disk.guard.trouble
    assert disk.alarms() == [("disk_low", {"free": 100 * MIB, "ballast": LIMITS.ballast})]
    disk.look()
    assert len(disk.alarms()) == 1


def test_with_room_again_the_ballast_comes_first_and_it_is_told_how_long_it_was(disk):
    disk.free = 100 * MIB
    disk.look()
    disk.guard.turned_away(3)
    disk.site.clock.advance(minutes=5)
    disk.free = 200 * MIB
    disk.look()
    assert not disk.guard.taking
    disk.free = 300 * MIB
    disk.look()
    assert (disk.held, disk.guard.taking) == (LIMITS.ballast, True)
    assert disk.alarms()[1:] == [("disk_again", {"seconds": 300, "closed": 3})]


@pytest.mark.parametrize(
    "error", [full(), OSError(errno.ENOSPC, "full"), OSError(errno.EDQUOT, "")]
)
def test_a_write_that_finds_the_disk_full_stops_at_once_whatever_seems_free(disk, error):
    disk.guard.failed(error)
    assert (disk.held, disk.guard.taking) == (0, False)
    disk.look()
    assert [kind for kind, _ in disk.alarms()] == ["disk_low"]
    assert not disk.guard.taking
    disk.look()
    assert disk.guard.taking


@pytest.mark.parametrize("error", [sqlite3.OperationalError("locked"), OSError(errno.EPERM, "no")])
def test_other_errors_are_none_of_its_business(disk, error):
    disk.guard.failed(error)
    assert disk.guard.taking


def test_without_room_for_the_ballast_it_does_not_go_on(disk, monkeypatch):
    disk.free = 100 * MIB
    disk.look()
    disk.free = 1000 * MIB

    def refused(_descriptor: int, _start: int, _size: int) -> None:
        raise OSError(errno.ENOSPC, "a quota, perhaps")

    with monkeypatch.context() as patch:
        patch.setattr("os.posix_fallocate", refused)
        disk.look()
        assert (disk.held, disk.guard.taking) == (0, False)
    disk.look()
    assert (disk.held, disk.guard.taking) == (LIMITS.ballast, True)


def test_an_alarm_that_cannot_be_written_is_written_later(disk, monkeypatch):
    disk.free = 100 * MIB

    def no_room(*_: object) -> None:
        raise full()

    with monkeypatch.context() as patch:
        patch.setattr("comm_server.alarms.keep", no_room)
        with pytest.raises(sqlite3.OperationalError):
            disk.look()
    assert disk.alarms() == []
    disk.look()
    assert [kind for kind, _ in disk.alarms()] == ["disk_low"]


def test_a_kill_while_it_is_full_changes_nothing_of_what_is_told(disk):
    disk.free = 100 * MIB
    disk.look()
    disk.guard = disk.new()
    disk.site.clock.advance(minutes=10)
    disk.guard.start(disk.site.store)
    assert not disk.guard.taking
    assert len(disk.alarms()) == 1
    disk.free = 1000 * MIB
    disk.look()
    assert disk.alarms()[1] == ("disk_again", {"seconds": 600, "closed": 0})


def test_a_smaller_ballast_and_none_at_all(disk):
    disk.limits = Limits(MIB, 128 * MIB, 256 * MIB)
    disk.look()
    assert disk.held == MIB
    disk.limits = Limits(0, 128 * MIB, 256 * MIB)
    disk.look()
    assert not (disk.folder / "ballast").exists()


def test_a_file_with_holes_is_no_ballast(tmp_path: Path):
    path = tmp_path / "ballast"
    with path.open("wb") as file:
        file.truncate(MIB)
    assert ballast.held(path) == 0
    ballast.take(path, MIB)
    assert ballast.held(path) == MIB


def test_the_alarm_is_urgent_goes_home_in_words_and_once(disk, site):
    site.report(crash(1))
    site.bundle()
    site.clock.advance(minutes=1)
    assert site.parts.courier.due() is None
    disk.free = 100 * MIB
    disk.look()
    site.clock.advance(minutes=1)
    assert site.parts.courier.due() == "urgent"
    sequence = site.bundle("urgent")
    opened = site.opened(sequence)
    assert [alarm["kind"] for alarm in opened.bundle.manifest["alarms"]] == ["disk_low"]
    mail = site.mail(sequence).decode("utf-8", "replace")
    assert "ALARM" in mail or "=?utf-8?" in mail
    assert site.parts.courier.due() is None
