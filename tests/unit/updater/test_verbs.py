"""The dry run, the postponement, and a slot that was changed on the disk."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest

from common.errors import OperatorError
from common.wire.release import Data, Health
from tests.support.program_world import PRODUCT
from tests.support.repository_simulator import PLATFORM, manifest_of, pack_of
from updater import verbs
from updater.settings import WindowSettings
from updater.states import State


def ship(vendor, version, **changes):
    files = {"run": version.encode()}
    manifest = dataclasses.replace(manifest_of(PRODUCT, version, files), **changes)
    base = f"{PRODUCT}/{version}/{PLATFORM}"
    vendor.add_target(f"{base}/manifest.json", manifest.to_bytes())
    vendor.add_target(f"{base}/full.tar.zst", pack_of(files))
    vendor.point(PRODUCT, "stable", version)
    vendor.bump(PRODUCT)
    return manifest


def plan(world):
    return verbs.plan(world.program, world.tools)


def test_a_plan_tells_what_from_to_how_much_and_what_would_be_waited_for(
    world, vendor, monkeypatch
):
    ship(vendor, "1.0.5", health=Health("/healthz", 20, 3))
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [])
    world.settle()
    (world.folder.data / "calls.db").write_bytes(b"x" * 5000)
    ship(vendor, "1.1.0", critical=True, data=Data(1, "1.1.0", ("calls.db",)))
    monkeypatch.setattr(verbs, "ask", lambda *_args: (False, "The program is in use: a call."))
    world.set(window=WindowSettings(cron="0 22 * * *", minutes=60))
    world.comm.go, world.comm.why = False, "Ring 2 comes on Monday."
    before = (world.pointer, world.program)
    told = plan(world)
    assert (told["from"], told["to"], told["by"]) == ("1.0.5", "1.1.0", "full pack")
    assert told["bytes"] > 0
    assert (told["snapshot"], told["closed_doors"], told["critical"]) == (5000, True, True)
    text = verbs.in_words(told)
    for words in (
        "companion: from 1.0.5 to 1.1.0, which its vendor calls critical.",
        "would be fetched as a full pack",
        "5 kB of its data would be copied before the switch.",
        "1.0.5 cannot read what 1.1.0 writes",
        "Ring 2 comes on Monday.",
        "The window for updates is closed. It opens at",
        "The program is in use: a call. It would be drained, and waited for.",
    ):
        assert words in text
    assert (world.pointer, world.program) == before
    assert not any("full.tar" in path for path, _offset in vendor.asked[-5:])


def test_a_plan_with_nothing_to_do_and_one_with_nothing_in_the_way(world, vendor):
    told = plan(world)
    assert verbs.in_words(told).endswith("Nothing stands in the way now.")
    assert told["from"] is None
    world.settle()
    assert verbs.in_words(plan(world)) == "companion 1.0.0 is installed; there is nothing newer."


def test_a_plan_says_that_the_server_is_away(world):
    world.comm.away = True
    assert "The communications server was not reached." in plan(world)["waits"][0]


NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)


def test_a_postponement_has_an_end_that_is_not_far(world):
    for until in (NOW, NOW - timedelta(1), NOW + timedelta(32)):
        with pytest.raises(OperatorError, match="postponed until a time in the next 31 days"):
            verbs.hold(world.journal, PRODUCT, until, NOW)
    verbs.hold(world.journal, PRODUCT, NOW + timedelta(2), NOW)
    assert world.program.hold.until == NOW + timedelta(2)
    assert "postponed until 2026-11-23" in world.journal.history()[-1]["note"]
    verbs.hold(world.journal, PRODUCT, None, NOW)
    assert world.program.hold is None


def test_a_moment_is_in_this_computers_time_unless_it_says_otherwise():
    assert verbs.moment("2026-12-01T06:00+08:00") == datetime(2026, 11, 30, 22, tzinfo=UTC)
    assert verbs.moment("2026-12-01T06:00").tzinfo is UTC
    with pytest.raises(OperatorError, match="Write it like"):
        verbs.moment("tomorrow")


def tamper(world, digest):
    run = world.folder.slots / digest / "run"
    run.chmod(0o755)
    run.write_bytes(b"evil")
    return run


@pytest.mark.parametrize("which", ["current", "previous"])
def test_a_slot_that_was_changed_on_the_disk_is_found_told_and_built_again(world, vendor, which):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    program = world.settle()
    run = tamper(world, getattr(program, which).digest)
    generation = world.pointer.generation
    world.clock.advance(86400)
    for _ in range(5):
        world.step()
    version = getattr(program, which).version
    assert run.read_bytes() == f"companion {version}".encode()
    assert run.stat().st_mode & 0o777 == 0o555
    assert run.parent.stat().st_mode & 0o777 == 0o555
    assert world.pointer.generation == generation + 1, "it may be in memory: started again"
    assert world.program.current == program.current
    told = world.receipts()[-1]
    assert told["outcome"] == "refused"
    assert f"companion {version} was changed on this computer's disk: run" in told["reason"]
    assert world.leftovers() == []
    assert not (world.folder.root / "repair").exists()


def test_a_repair_waits_for_the_call_before_it_starts_the_program_again(world, vendor, monkeypatch):
    ship(vendor, "1.0.5", health=Health("/healthz", 20, 3))
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [])
    monkeypatch.setattr("updater.gate.drain", lambda *_args: None)
    program = world.settle()
    run = tamper(world, program.current.digest)
    busy = ["a call"]
    monkeypatch.setattr("updater.gate.ask", lambda *_args: (not busy, "In use."))
    world.journal.order_repair(PRODUCT)
    before = world.pointer
    for _ in range(3):
        world.step()
    assert run.read_bytes() == b"1.0.5"
    assert world.pointer == before
    assert "is to be started again. In use." in world.program.reason
    busy.clear()
    world.step()
    assert world.pointer.generation == before.generation + 1
    assert world.program.reason == "companion 1.0.5 was repaired and started again."


def test_a_repair_without_the_site_is_tried_again_and_does_not_hold_up_a_way_back(world, vendor):
    first = world.settle().current
    vendor.ship(PRODUCT, "1.1.0")
    current = world.settle().current
    tamper(world, current.digest)
    kept = vendor.files.copy()
    vendor.files.clear()
    world.journal.order_repair(PRODUCT)
    for _ in range(3):
        assert world.step() is State.IDLE
    assert world.program.ordered == "repair"
    vendor.files.update(kept)
    world.journal.order_rollback(PRODUCT)
    world.until(State.ROLLED_BACK)
    world.until(State.IDLE)
    assert world.program.current == first
