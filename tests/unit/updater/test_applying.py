"""How a release is switched on: drained, in its time, its data safe, never twice in vain."""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from datetime import timedelta
from types import SimpleNamespace

import pytest

from common.wire.release import Data, Health
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import PLATFORM, manifest_of, pack_of
from updater import fetch, pointer, slots
from updater.settings import WindowSettings
from updater.snapshots import Plan, plan
from updater.states import State

KEEPS = Data(databases=("calls.db",))
BREAKS = Data(schema=2, readable_by="1.1.0", databases=("calls.db",))
CALLABLE = Health("/healthz", 20, 3)


def ship(vendor, version, **changes):
    manifest = dataclasses.replace(
        manifest_of(PRODUCT, version, {"run": version.encode()}), **changes
    )
    base = f"{PRODUCT}/{version}/{PLATFORM}"
    vendor.add_target(f"{base}/manifest.json", manifest.to_bytes())
    vendor.add_target(f"{base}/full.tar.zst", pack_of({"run": version.encode()}))
    vendor.point(PRODUCT, "stable", version)
    vendor.bump(PRODUCT)
    return manifest


def words(world):
    with contextlib.closing(sqlite3.connect(world.folder.data / "calls.db")) as db:
        return [row[0] for row in db.execute("SELECT word FROM calls")]


def write(world, word):
    with contextlib.closing(sqlite3.connect(world.folder.data / "calls.db")) as db, db:
        db.execute("CREATE TABLE IF NOT EXISTS calls (word TEXT)")
        db.execute("INSERT INTO calls VALUES (?)", (word,))


@pytest.fixture
def seat(world, vendor, monkeypatch):
    """1.0.0 runs with data; `busy` and `told` are what the program is asked and told."""
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [])
    world.busy, world.told = "", []
    monkeypatch.setattr("updater.gate.ask", lambda *_args: (not world.busy, world.busy))
    monkeypatch.setattr(
        "updater.gate.drain",
        lambda _port, token, what, _timeout: world.told.append((token, what["drain"])),
    )
    ship(vendor, "1.0.5", health=CALLABLE)
    world.settle()
    write(world, "acknowledged")
    return world


def to_waiting(world):
    world.engine.hint()
    world.until(State.WAITING)


# --- the gate -------------------------------------------------------------------------------


def test_the_program_is_drained_with_its_own_token_and_told_again_at_every_look(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.busy = "The program is in use: a call."
    to_waiting(seat)
    for _ in range(3):
        assert seat.step() is State.WAITING
    assert seat.told == [(seat.program.token, True)] * 3
    assert len(seat.program.token) == 32
    seat.busy = ""
    assert seat.step() is State.SWITCHING


def test_an_updater_that_was_restarted_calls_off_a_drain_that_no_longer_holds(
    seat, vendor, tmp_path
):
    vendor.ship(PRODUCT, "1.1.0")
    seat.busy = "The program is in use: a call."
    to_waiting(seat)
    seat.step()
    seat.told.clear()
    again = World(tmp_path, vendor)
    try:
        again.comm.go, again.comm.why = False, "The rollout was halted."
        again.launcher.look()
        assert again.step() is State.WAITING
        assert again.step() is State.WAITING
        assert seat.told == [(again.program.token, False)], "once, not at every look"
    finally:
        again.close()


def test_the_window_is_kept_and_a_seat_outside_of_it_is_not_drained(seat, vendor):
    seat.set(window=WindowSettings(cron="0 22 * * *", minutes=60))
    vendor.ship(PRODUCT, "1.1.0")
    to_waiting(seat)
    assert seat.step() is State.WAITING
    assert "The window for updates is closed. It opens at " in seat.program.reason
    assert (seat.program.token, True) not in seat.told
    while seat.clock.now().hour != 22:
        seat.clock.advance(600)
    seat.busy = "The program is in use: a call."
    seat.step()
    assert seat.told[-1] == (seat.program.token, True)
    seat.clock.advance(3600)
    seat.step()
    assert seat.told[-1] == (seat.program.token, False)
    assert seat.program.state is State.WAITING


def test_a_postponement_holds_until_its_end_and_now_overrules_it(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.journal.hold(PRODUCT, seat.clock.now() + timedelta(hours=2), "a fair")
    to_waiting(seat)
    assert seat.step() is State.WAITING
    assert "postponed by an administrator" in seat.program.reason
    seat.engine.hurry()
    assert seat.step() is State.SWITCHING


def test_a_critical_release_waits_its_time_then_for_the_call_alone(seat, vendor):
    ship(vendor, "1.1.0", critical=True)
    seat.journal.hold(PRODUCT, seat.clock.now() + timedelta(days=9), "a fair")
    seat.busy = "The program is in use: a call."
    to_waiting(seat)
    assert seat.step() is State.WAITING
    assert "postponed" in seat.program.reason
    seat.clock.advance(3600)
    for _ in range(50):
        assert seat.step() is State.WAITING
    assert seat.program.reason == "The program is in use: a call."
    seat.busy = ""
    assert seat.step() is State.SWITCHING


def test_a_window_that_cannot_be_understood_is_told_and_nothing_is_switched(seat, vendor):
    seat.set(window=WindowSettings(cron="at night"))
    vendor.ship(PRODUCT, "1.1.0")
    to_waiting(seat)
    assert seat.step() is State.WAITING
    assert "updater.window: The window 'at night' has 2 fields" in seat.program.reason


def test_an_order_to_go_back_waits_for_the_call_too(seat, vendor):
    ship(vendor, "1.1.0", health=CALLABLE)
    seat.settle()
    seat.journal.order_rollback(PRODUCT)
    seat.busy = "The program is in use: a call."
    seat.step()
    assert seat.program.reason == "The program is in use: a call."
    assert seat.program.current.version == "1.1.0"
    seat.busy = ""
    assert seat.settle().current.version == "1.0.5"


def test_another_environment_waits_for_the_call_too(seat):
    before = seat.pointer
    seat.busy = "The program is in use: a call."
    seat.journal.adopt(PRODUCT, "stable", 9001)
    seat.settle()
    assert seat.pointer == before
    seat.busy = ""
    seat.settle()
    assert seat.pointer.generation == before.generation + 1


# --- the data -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "current", "expected"),
    [
        (Data(), "1.0.0", Plan(snapshot=False, closed=False)),
        (KEEPS, "1.0.0", Plan(snapshot=True, closed=False)),
        (BREAKS, "1.1.0", Plan(snapshot=True, closed=False)),
        (BREAKS, "1.0.9", Plan(snapshot=True, closed=True)),
        (BREAKS, None, Plan(snapshot=False, closed=False)),
    ],
)
def test_what_a_switch_does_with_the_data(data, current, expected):
    manifest = dataclasses.replace(manifest_of(PRODUCT, "1.2.0", {"run": b""}), data=data)
    assert plan(manifest, current) == expected


def test_a_release_whose_data_the_one_before_cannot_read_is_on_trial_behind_closed_doors(
    seat, vendor
):
    ship(vendor, "1.1.0", data=BREAKS)
    seat.engine.hint()
    seat.until(State.PROBATION)
    now = seat.pointer
    assert (now.trial, now.closed, now.snapshot) == (True, True, str(now.generation))
    seat.until(State.COMMITTED)
    assert seat.pointer == dataclasses.replace(now, trial=False, closed=False, snapshot=None)
    seat.until(State.IDLE)
    write(seat, "after the commit")
    assert words(seat) == ["acknowledged", "after the commit"]


def test_given_up_its_data_go_back_before_the_old_release_starts(seat, vendor, monkeypatch):
    ship(vendor, "1.1.0", data=BREAKS)
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [Ill()])
    seat.engine.hint()
    seat.until(State.PROBATION)
    seat.launcher.look()
    write(seat, "of the new schema")
    seat.until(State.ROLLED_BACK)
    seat.until(State.IDLE)
    assert words(seat) == ["acknowledged"]
    assert seat.program.current.version == "1.0.5"
    assert seat.running_slot == seat.program.current.digest
    assert seat.pointer.restore is None


def test_data_that_the_old_release_reads_stay_as_the_new_one_left_them(seat, vendor, monkeypatch):
    ship(vendor, "1.1.0", data=KEEPS)
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [Ill()])
    seat.engine.hint()
    seat.until(State.PROBATION)
    assert not seat.pointer.closed
    seat.launcher.look()
    write(seat, "acknowledged on probation")
    seat.until(State.ROLLED_BACK)
    seat.until(State.IDLE)
    assert words(seat) == ["acknowledged", "acknowledged on probation"]


def test_without_a_snapshot_the_release_waits_and_is_not_blamed(seat, vendor):
    ship(vendor, "1.1.0", data=BREAKS)
    seat.launcher.behaviour["1.1.0"] = "no room"
    seat.engine.hint()
    seat.until(State.PROBATION)
    seat.until(State.WAITING)
    assert "waits again. It was not started: no snapshot could be taken" in seat.program.reason
    assert seat.journal.bad(PRODUCT) == {}
    assert seat.running_slot == seat.program.current.digest
    generation = seat.pointer.generation
    assert seat.engine.step() > 60, "the old release is not cut every few seconds for it"
    assert seat.pointer.generation == generation
    seat.launcher.behaviour["1.1.0"] = "well"
    assert seat.settle().current.version == "1.1.0"
    assert [r["outcome"] for r in seat.receipts()] == ["committed", "committed"]


def test_a_disk_without_room_for_the_snapshot_is_told_before_anything_is_cut(
    seat, vendor, monkeypatch
):
    ship(vendor, "1.1.0", data=KEEPS)
    to_waiting(seat)
    before = seat.pointer
    free = SimpleNamespace(free=1000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _folder: free)
    assert seat.step() is State.WAITING
    assert "Free some space" in seat.program.reason
    assert (seat.pointer, seat.told) == (before, [])
    free.free = 10**9
    seat.until(State.IDLE)
    assert seat.program.current.version == "1.1.0"


def test_data_that_cannot_be_put_back_are_told_and_nothing_is_started_on_them(
    seat, vendor, monkeypatch
):
    ship(vendor, "1.1.0", data=BREAKS)
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [Ill()])
    seat.engine.hint()
    seat.until(State.ROLLED_BACK)
    whole = seat.launcher.look
    monkeypatch.setattr(seat.launcher, "look", lambda: None)  # its copy cannot be read
    for _ in range(3):
        assert seat.step() is State.ROLLED_BACK
    seat.clock.advance(1000)
    assert seat.step() is State.ROLLED_BACK
    assert "could not be put back yet" in seat.program.reason
    assert seat.pointer.restore
    monkeypatch.setattr(seat.launcher, "look", whole)
    seat.until(State.IDLE)
    assert words(seat) == ["acknowledged"]


def test_only_the_newest_snapshots_are_kept(seat, vendor):
    for minor in range(1, 6):
        ship(vendor, f"1.{minor}.0", data=KEEPS, health=CALLABLE)
        seat.settle()
    kept = sorted(int(path.name) for path in seat.folder.snapshots.iterdir())
    assert len(kept) == 3
    assert kept[-1] == seat.pointer.generation


def test_an_order_to_go_back_that_would_lose_what_was_acknowledged_is_refused(seat, vendor):
    ship(vendor, "1.1.0", data=BREAKS, health=CALLABLE)
    seat.settle()
    write(seat, "acknowledged since")
    seat.journal.order_rollback(PRODUCT)
    seat.step()
    assert "cannot read what 1.1.0 has written since" in seat.program.reason
    assert seat.program.current.version == "1.1.0"
    assert words(seat) == ["acknowledged", "acknowledged since"]


def test_an_order_to_go_back_below_the_floor_is_refused(seat, vendor):
    ship(vendor, "1.1.0", floor="1.1.0", health=CALLABLE)
    seat.settle()
    seat.journal.order_rollback(PRODUCT)
    seat.step()
    assert "may not run any more" in seat.program.reason
    assert seat.program.current.version == "1.1.0"


def test_a_restart_for_another_environment_forgets_no_data_that_must_go_back(seat):
    now = dataclasses.replace(seat.pointer, restore="7", generation=50)
    pointer.switch(seat.folder.root, now)
    pointer.restart(seat.folder.root)
    assert seat.pointer == dataclasses.replace(now, generation=51)


# --- probation ------------------------------------------------------------------------------


class Ill:
    def problem(self, _process):
        return "It is not well."


def test_while_the_server_that_was_there_is_away_nothing_is_committed(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.engine.hint()
    seat.until(State.PROBATION)
    seat.comm.away = True
    for _ in range(20):
        assert seat.step() is State.PROBATION
    seat.comm.away = False
    seat.until(State.COMMITTED)


def test_a_release_that_cuts_the_server_off_for_good_is_given_up(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.engine.hint()
    seat.until(State.PROBATION)
    seat.comm.away = True
    seat.until(State.ROLLED_BACK)
    assert "Since the switch the communications server is not reached" in seat.program.reason


def test_a_release_that_failed_is_tried_again_only_when_its_vendor_issues_it_again(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.launcher.behaviour["1.1.0"] = "crashes"
    assert seat.settle().current.version == "1.0.5"
    seat.launcher.behaviour["1.1.0"] = "well"
    assert "not tried again" in seat.settle().reason
    vendor.bump(PRODUCT)
    assert "not tried again" in seat.settle().reason
    vendor.point(PRODUCT, "stable", "1.1.0", issues={"1.1.0": 1})
    vendor.bump(PRODUCT)
    assert seat.settle().current.version == "1.1.0"


def test_issued_again_and_failed_again_it_is_not_tried_a_third_time(seat, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    seat.launcher.behaviour["1.1.0"] = "crashes"
    seat.settle()
    vendor.point(PRODUCT, "stable", "1.1.0", issues={"1.1.0": 1})
    vendor.bump(PRODUCT)
    seat.settle()
    assert [r["outcome"] for r in seat.receipts()][-2:] == ["rolled_back", "rolled_back"]
    assert "not tried again" in seat.settle().reason
    assert slots.all_slots(seat.folder.slots)[0].digest == seat.program.current.digest
