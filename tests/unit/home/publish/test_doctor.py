"""What the home's doctor says of keys and signatures."""

from __future__ import annotations

import sqlite3
from dataclasses import replace

import pytest

from home import doctor
from home.publish import room
from home.settings import HomeSettings
from tests.support.clock import FakeClock
from tests.unit.home.publish.conftest import MakePack


@pytest.fixture
def released(
    home: HomeSettings, clock: FakeClock, make_pack: MakePack, monkeypatch: pytest.MonkeyPatch
) -> HomeSettings:
    monkeypatch.setattr(doctor, "SystemClock", lambda: clock)
    with room.open_releases(home, clock) as releases:
        releases.publish(make_pack("1.0.0"), "Ann")
    return home


def test_offline_signatures_are_asked_for_before_they_run_out(
    released: HomeSettings, clock: FakeClock
) -> None:
    assert doctor.offline_check(released).ok
    clock.advance(days=306)
    result = doctor.offline_check(released)
    assert not result.ok
    assert "in 59 days" in result.found
    assert "docs/keys.md" in result.advice
    with room.open_releases(released, clock) as releases:
        releases.add_product("desk")  # any publication renews what is past half of its life
    assert doctor.offline_check(released).ok


def test_short_lives_are_no_alarm_from_their_first_day(
    settings: HomeSettings, clock: FakeClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    short = replace(settings.publish, root_days=20, targets_days=20, product_days=20)
    home = replace(settings, publish=short)
    monkeypatch.setattr(doctor, "SystemClock", lambda: clock)
    room.initialise(home, clock)
    assert doctor.offline_check(home).ok
    clock.advance(days=16)
    assert not doctor.offline_check(home).ok


def test_a_rewritten_approval_is_an_alarm(released: HomeSettings) -> None:
    assert doctor.approvals_check(released).found == "1 entries, the chain is whole"
    connection = sqlite3.connect(released.folder / "home.db")
    connection.execute("DROP TRIGGER approvals_no_update")
    connection.execute("UPDATE approvals SET by = 'Eve'")
    connection.commit()
    connection.close()
    result = doctor.approvals_check(released)
    assert not result.ok
    assert "was changed at entry 1" in result.found


def test_keys_are_asked_for_by_their_files(released: HomeSettings) -> None:
    assert doctor.keys_check(released).ok
    (released.folder / "keys" / "online" / "timestamp.pem").unlink()
    assert not doctor.keys_check(released).ok
