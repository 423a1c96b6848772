"""One program's whole way, with everything around it pretended."""

from __future__ import annotations

import dataclasses
import json
import random
import socket
from types import SimpleNamespace

import pytest

from common.wire.release import Health
from tests.support.program_world import PORT, PRODUCT, World
from tests.support.repository_simulator import PLATFORM, manifest_of, pack_of
from updater import check, fetch, launcher
from updater.states import State


def versions(program):
    return tuple(r.version if r else None for r in (program.current, program.previous))


def ship(vendor, version, **changes):
    """A release whose manifest differs from what the simulator makes."""
    files = changes.pop("files", {"run": version.encode()})
    manifest = dataclasses.replace(manifest_of(PRODUCT, version, files), **changes)
    base = f"{PRODUCT}/{version}/{PLATFORM}"
    vendor.add_target(f"{base}/manifest.json", manifest.to_bytes())
    vendor.add_target(f"{base}/full.tar.zst", pack_of(files))
    vendor.point(PRODUCT, "stable", version)
    vendor.bump(PRODUCT)
    return manifest


def test_the_first_release_is_installed_by_the_same_way(world):
    program = world.settle()
    assert versions(program) == ("1.0.0", None)
    assert program.target is None
    assert world.pointer == launcher.Pointer(1, program.current.digest, None, trial=False)
    assert world.running_slot == program.current.digest
    assert world.leftovers() == []
    events = [line["event"] for line in world.journal.history() if line["event"] not in {"", "act"}]
    assert events == [
        "adopted", "found", "allowed", "fetched", "built", "free", "switched", "steady", "settled",
    ]  # fmt: skip
    receipt = world.receipts()[0]
    assert (receipt["outcome"], receipt["version"], receipt["from_version"]) == (
        "committed", "1.0.0", None,
    )  # fmt: skip


def test_a_newer_release_replaces_it_and_the_one_before_is_kept(world, vendor):
    first = world.settle().current
    vendor.ship(PRODUCT, "1.1.0")
    second = world.settle()
    assert versions(second) == ("1.1.0", "1.0.0")
    vendor.ship(PRODUCT, "1.2.0")
    third = world.settle()
    assert versions(third) == ("1.2.0", "1.1.0")
    slots = {p.name for p in world.folder.slots.iterdir() if p.is_dir()}
    assert slots == {third.current.digest, third.previous.digest}
    assert first.digest not in slots
    assert [r["outcome"] for r in world.receipts()] == ["committed"] * 3
    assert world.receipts()[-1]["from_version"] == "1.1.0"


def test_nothing_newer_changes_nothing_and_writes_no_line_twice(world):
    world.settle()
    world.settle()
    lines = len(world.journal.history())
    world.settle()
    assert len(world.journal.history()) == lines
    assert world.program.reason == "companion 1.0.0 is installed; there is nothing newer."


def test_a_release_that_crashes_is_undone_told_and_never_tried_again(world, vendor):
    old = world.settle().current
    vendor.ship(PRODUCT, "1.1.0")
    world.launcher.behaviour["1.1.0"] = "crashes"
    program = world.settle()
    assert versions(program) == ("1.0.0", None)
    assert world.running_slot == old.digest
    receipt = world.receipts()[-1]
    assert receipt["outcome"] == "rolled_back"
    assert "ended with exit status 3" in receipt["reason"]
    assert receipt["log_tail"] == ["cannot start"]
    generation = world.pointer.generation
    world.launcher.behaviour.clear()
    for _ in range(3):
        program = world.settle()
    assert world.pointer.generation == generation
    assert versions(program) == ("1.0.0", None)
    assert "1.1.0 is not tried again: companion 1.1.0 was rolled back, 1.0.0" in program.reason
    vendor.ship(PRODUCT, "1.2.0")
    assert versions(world.settle()) == ("1.2.0", "1.0.0")


def test_a_release_that_is_never_healthy_is_undone(world, vendor):
    old = world.settle().current
    vendor.ship(PRODUCT, "1.1.0")
    world.launcher.behaviour["1.1.0"] = "never starts"
    program = world.settle()
    assert versions(program) == ("1.0.0", None)
    assert world.running_slot == old.digest
    assert "It was not healthy within 20 s: It does not run." in world.receipts()[-1]["reason"]


def test_a_first_release_that_fails_leaves_nothing_running(world):
    world.launcher.behaviour["1.0.0"] = "crashes"
    program = world.settle()
    assert versions(program) == (None, None)
    assert world.running_slot is None
    assert "nothing runs" in world.receipts()[-1]["reason"]
    assert list(world.folder.slots.iterdir()) == []


def test_a_downgrade_is_refused_in_a_plain_sentence_and_told_once(world, vendor):
    vendor.ship(PRODUCT, "2.0.0")
    world.settle()
    vendor.point(PRODUCT, "stable", "1.0.0")
    vendor.bump(PRODUCT)
    for _ in range(3):
        program = world.settle()
    assert versions(program) == ("2.0.0", None)
    assert program.reason.startswith("companion 1.0.0 is older than 2.0.0, which is installed")
    refused = [r for r in world.receipts() if r["outcome"] == "refused"]
    assert [r["reason"] for r in refused] == [program.reason]


def test_a_replayed_old_state_is_refused_and_told_once(world, vendor):
    vendor.ship(PRODUCT, "1.1.0")
    old = dict(vendor.files)
    world.settle()
    vendor.ship(PRODUCT, "1.2.0")
    world.settle()
    vendor.files["metadata/timestamp.json"] = old["metadata/timestamp.json"]
    for _ in range(3):
        program = world.settle()
    assert versions(program) == ("1.2.0", "1.1.0")
    refused = [r["reason"] for r in world.receipts() if r["outcome"] == "refused"]
    assert len(refused) == 1
    assert "replaying an old state" in refused[0]


def test_another_build_of_the_same_version_is_not_taken(world, vendor):
    world.settle()
    ship(vendor, "1.0.0", notes="rebuilt in secret")
    assert "another build" in world.settle().reason


def test_without_its_turn_it_waits_and_without_the_server_too(world):
    world.comm.go, world.comm.why = False, "The rollout was halted: it did not hold on seat-2"
    world.step()
    for _ in range(3):
        assert world.step() is State.AVAILABLE
    assert "halted" in world.program.reason
    world.comm.away = True
    assert world.step() is State.AVAILABLE
    assert world.program.reason == "The communications server was not reached."
    world.comm.away, world.comm.go = False, True
    world.until(State.IDLE)
    assert versions(world.program) == ("1.0.0", None)


def test_a_halt_that_comes_before_the_switch_still_holds(world, vendor):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.engine.hint()
    world.until(State.WAITING)
    world.comm.go = False
    generation = world.pointer.generation
    for _ in range(5):
        assert world.step() is State.WAITING
    assert world.pointer.generation == generation


def test_a_program_in_use_is_drained_and_not_cut(world, vendor, monkeypatch):
    answers = [(False, "The program is in use: a call."), (False, ""), (True, "")]
    asked = []

    def ask(port, _token, _timeout):
        asked.append(port)
        return answers.pop(0)

    monkeypatch.setattr("updater.gate.ask", ask)
    ship(vendor, "1.1.0", health=Health("/healthz", 20, 3))
    monkeypatch.setattr("updater.probation.checks_of", lambda *_args, **_rest: [])
    world.settle()
    assert asked == [], "before the first release there is nobody to ask"
    vendor.ship(PRODUCT, "1.2.0")
    world.engine.hint()
    world.until(State.WAITING)
    before = world.pointer
    assert world.step() is State.WAITING
    assert world.program.reason == "The program is in use: a call."
    assert world.step() is State.WAITING
    assert world.pointer == before
    assert world.step() is State.SWITCHING
    assert asked == [PORT] * 3


def test_a_newer_release_overtakes_one_that_waits(world, vendor):
    world.comm.go = False
    world.step()
    world.step()
    vendor.ship(PRODUCT, "1.1.0")
    world.clock.advance(120)
    assert world.step() is State.IDLE
    world.comm.go = True
    assert versions(world.settle()) == ("1.1.0", None)


def test_a_broken_download_goes_on_where_it_ended(world, vendor):
    ship(vendor, "1.1.0", files={"run": random.Random(1).randbytes(5000)})
    path = next(p for p in vendor.files if p.endswith("full.tar.zst") and "1.1.0" in p)
    whole = vendor.files[path]
    vendor.files[path] = whole[:1500]
    world.until(State.FETCHING)
    assert world.step() is State.FETCHING
    assert "is not complete" in world.program.reason
    vendor.files[path] = whole
    world.until(State.IDLE)
    assert versions(world.program) == ("1.1.0", None)
    assert (path, len(whole[:1500])) in vendor.asked


def test_a_pack_that_was_changed_on_the_way_is_refused_but_not_blamed_on_the_release(world, vendor):
    path = next(p for p in vendor.files if p.endswith("full.tar.zst"))
    whole = vendor.files[path]
    vendor.files[path] = b"x" * len(whole)
    world.until(State.FETCHING)
    for _ in range(3):
        assert world.step() is State.FETCHING
    assert [r["outcome"] for r in world.receipts()] == ["refused"]
    assert world.journal.bad(PRODUCT) == {}
    vendor.files[path] = whole
    world.until(State.IDLE)
    assert versions(world.program) == ("1.0.0", None)


def test_a_full_disk_stops_it_before_anything_is_fetched_and_it_goes_on_by_itself(
    world, vendor, monkeypatch
):
    free = SimpleNamespace(free=1000)
    world.set(disk_reserve=2000)
    monkeypatch.setattr(fetch.shutil, "disk_usage", lambda _folder: free)
    world.until(State.FETCHING)
    world.step()
    assert "Free some space" in world.program.reason
    assert not any("full.tar" in path for path, _offset in vendor.asked)
    assert [r["outcome"] for r in world.receipts()] == ["refused"]
    free.free = 10**9
    world.until(State.IDLE)
    assert versions(world.program) == ("1.0.0", None)


def test_a_full_disk_while_building_leaves_no_half_slot(world, monkeypatch):
    world.until(State.STAGED)
    monkeypatch.setattr("updater.build.fsync_tree", _no_space)
    assert world.step() is State.STAGED
    assert "cannot be written" in world.program.reason
    assert not list(world.folder.slots.glob(".*"))
    monkeypatch.undo()
    world.until(State.IDLE)
    assert versions(world.program) == ("1.0.0", None)


def test_a_pack_that_is_not_what_its_manifest_says_fails_for_good(world, vendor):
    base = f"{PRODUCT}/1.1.0/{PLATFORM}"
    manifest = manifest_of(PRODUCT, "1.1.0", {"run": b"as signed"})
    vendor.add_target(f"{base}/manifest.json", manifest.to_bytes())
    vendor.add_target(f"{base}/full.tar.zst", pack_of({"run": b"otherwise"}))
    vendor.point(PRODUCT, "stable", "1.1.0")
    vendor.bump(PRODUCT)
    program = world.settle()
    assert versions(program) == (None, None)
    assert manifest.digest in world.journal.bad(PRODUCT)
    assert world.receipts()[-1]["outcome"] == "failed"
    assert world.leftovers() == []
    assert "not tried again" in world.settle().reason


def test_a_slot_that_was_changed_before_the_switch_is_built_again(world):
    world.until(State.WAITING)
    manifest = world.program.target
    run = world.folder.slots / manifest.digest / "run"
    run.chmod(0o755)
    run.write_text("evil")
    world.until(State.SWITCHING)
    assert world.step() is State.FETCHING
    assert "was changed after it was built" in world.program.reason
    world.until(State.IDLE)
    assert run.read_bytes() == b"companion 1.0.0"


def test_an_order_to_go_back_is_carried_out_and_that_release_stays_away(world, vendor):
    old = world.settle().current
    vendor.ship(PRODUCT, "1.1.0")
    world.settle()
    world.journal.order_rollback(PRODUCT)
    program = world.settle()
    assert program.current == old
    assert world.running_slot == old.digest
    assert world.receipts()[-1]["outcome"] == "rolled_back"
    assert "not tried again" in world.settle().reason


def test_an_order_to_go_back_comes_before_a_release_that_waits(world, vendor):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.settle()
    vendor.ship(PRODUCT, "1.2.0")
    world.comm.go = False
    world.engine.hint()
    world.step()
    world.journal.order_rollback(PRODUCT)
    world.until(State.ROLLED_BACK)
    world.until(State.IDLE)
    assert versions(world.program) == ("1.0.0", None)


def test_an_order_without_a_release_before_is_answered(world):
    world.settle()
    world.journal.order_rollback(PRODUCT)
    world.step()
    assert world.program.ordered == ""
    assert "no release before" in world.program.reason


def test_a_changed_port_restarts_the_program_with_its_new_environment(world):
    world.settle()
    before = world.pointer
    world.journal.adopt(PRODUCT, "stable", 9001)
    world.settle()
    launch = json.loads(world.folder.launch.read_bytes())
    assert launch["env"]["CALLSTEAD_PROGRAM_PORT"] == "9001"
    assert world.pointer == dataclasses.replace(before, generation=before.generation + 1)
    assert (world.folder.launch.stat().st_mode & 0o777) == 0o600


def test_the_first_release_waits_until_what_ran_before_has_let_its_port_go(world, vendor):
    with socket.create_server(("", 0)) as before:
        world.journal.adopt(PRODUCT, "stable", before.getsockname()[1])
        world.until(State.SWITCHING)
        world.comm.away = True  # it may be the communications server itself that is to be ended
        world.step()
        assert "is still in use by a program that was not started" in world.program.reason
        assert world.pointer is None
        world.close()
        world = World(world.root, vendor)  # also over a restart
        assert world.step() is State.SWITCHING
    assert world.step() is State.PROBATION
    world.comm.away = False
    assert world.settle().current.version == "1.0.0"
    world.close()


def test_a_first_release_that_is_withdrawn_while_it_waits_for_its_port_is_left(world, vendor):
    with socket.create_server(("", 0)) as before:
        world.journal.adopt(PRODUCT, "stable", before.getsockname()[1])
        world.until(State.SWITCHING)
        vendor.point(PRODUCT, "stable", "1.0.0", withdrawn={"1.0.0": "it was a mistake"})
        vendor.bump(PRODUCT)
        world.engine.hint()
        assert world.step() is State.IDLE
    assert world.pointer is None


def test_data_from_before_stay_where_they_are(tmp_path, vendor):
    data = tmp_path / "before"
    data.mkdir()
    made = World(tmp_path / "client", vendor, data=str(data))
    try:
        assert made.settle().current
        launch = json.loads(made.folder.launch.read_bytes())
        assert launch["env"]["CALLSTEAD_PROGRAM_DATA"] == str(data)
        assert not (made.folder.root / "data").exists()
    finally:
        made.close()


def test_a_lost_database_goes_on_from_what_runs(world, vendor, tmp_path):
    current = world.settle().current
    world.close()
    for path in tmp_path.glob("updater.db*"):
        path.unlink()
    again = World(tmp_path, vendor)
    try:
        assert again.program.current == current
        assert again.settle().reason == "companion 1.0.0 is installed; there is nothing newer."
        assert again.pointer.slot == current.digest
    finally:
        again.close()


def test_a_lost_pointer_is_written_again(world, vendor, tmp_path):
    current = world.settle().current
    (world.folder.root / "current.json").unlink()
    world.close()
    again = World(tmp_path, vendor)
    try:
        assert again.pointer.slot == current.digest
        assert again.running_slot == current.digest
    finally:
        again.close()


@pytest.mark.parametrize("what", ["channel", "platform"])
def test_nothing_for_us_is_told_and_is_no_refusal(world, vendor, what):
    if what == "channel":
        world.journal.adopt(PRODUCT, "test", PORT)
    else:
        vendor.point(PRODUCT, "stable", "1.0.0", releases={"windows-amd64": "1.0.0"})
        vendor.bump(PRODUCT)
    program = world.settle()
    assert program.state is State.IDLE
    expected = "has not reached this site yet" if what == "channel" else "has nothing for linux"
    assert expected in program.reason
    assert world.receipts() == []


def _no_space(_folder, **_rest):
    raise OSError(28, "No space left on device")


def test_a_hint_that_comes_during_a_look_is_not_lost(world, vendor, monkeypatch):
    world.settle()
    whole = check.look

    def look(program, tools):
        found = whole(program, tools)
        vendor.ship(PRODUCT, "1.1.0")  # announced a moment after the lists were read
        world.engine.hint()
        return found

    with monkeypatch.context() as patch:
        patch.setattr("updater.check.look", look)
        world.engine.hint()
        world.step()
    world.step()
    assert world.program.state is State.AVAILABLE
