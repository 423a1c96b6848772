"""What the doctor says of the vendor's lists and of the inbox for pushes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from comm_server import doctor
from comm_server.settings import CommSettings
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> FakeClock:
    clock = FakeClock()
    monkeypatch.setattr(doctor, "SystemClock", lambda: clock)
    return clock


@pytest.fixture
def settings(tmp_path: Path) -> CommSettings:
    return CommSettings(data_dir=str(tmp_path))


def take_in(settings: CommSettings) -> None:
    for path, data in RepositorySimulator("phone").files.items():
        place = settings.folder / "mirror" / "live" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)


def test_before_the_first_release_all_is_well(settings: CommSettings) -> None:
    result = doctor.releases_check(settings)
    assert (result.ok, result.found) == (True, "nothing has come from the vendor yet")


def test_lists_that_hold_and_lists_that_do_not(settings: CommSettings, clock: FakeClock) -> None:
    take_in(settings)
    assert doctor.releases_check(settings).found == "the vendor's lists hold for 30 more days"
    clock.advance(days=31)
    result = doctor.releases_check(settings)
    assert not result.ok
    assert "passed its date on 2026-12-21: nothing new is installed" in result.found
    assert "callstead comm import" in result.advice


def test_an_inbox_that_is_not_there(settings: CommSettings, tmp_path: Path) -> None:
    pushed = replace(settings, mirror=replace(settings.mirror, inbox=str(tmp_path / "inbox")))
    result = doctor.releases_check(pushed)
    assert not result.ok
    assert "docs/push.md" in result.advice
    (tmp_path / "inbox").mkdir()
    assert doctor.releases_check(pushed).ok
