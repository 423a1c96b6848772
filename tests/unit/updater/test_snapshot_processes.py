"""A program's data at a switch: real launchers, real databases, real kills."""

from __future__ import annotations

import contextlib
import signal
import socket
import sqlite3
import sys

import pytest

from tests.support.data_ground import MOST, PLACES, RULES, DataGround, count_fsyncs, kill_at_fsync
from tests.support.launcher_ground import until
from updater import launcher
from updater.launcher import snapshot


@pytest.fixture
def ground(tmp_path):
    made = DataGround(tmp_path / "program")
    yield made
    made.end()


def test_the_snapshot_holds_what_the_old_release_wrote_last_and_goes_back_with_it(ground):
    ground.launch()
    ground.old_runs()
    ground.program("new", "crash", data=RULES)
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)
    until(lambda: ground.running(3))
    until(lambda: ground.log.count("old doors open") == 2)
    assert ground.words() == ["old", "old ends", "old"]
    assert ground.log.count(f"new doors 2:{ground.folder / 'current.json'}") == 2
    pointer = launcher.read_pointer(ground.folder)
    assert (pointer.slot, pointer.trial, pointer.restore) == ("old", False, None)


def test_data_that_the_old_release_can_read_are_left_alone(ground):
    ground.launch()
    ground.old_runs()
    ground.program("new", "crash", data=RULES)
    ground.point(2, "new", "old", trial=True, snapshot="2")
    until(lambda: ground.log.count("old doors open") == 2)
    assert ground.words() == ["old", "old ends", "new", "new", "old"]
    assert "new doors open" in ground.log
    assert snapshot.is_taken(ground.folder, "2")


def test_a_database_that_the_new_release_made_goes_with_it(ground):
    ground.launch()
    ground.slot("old", "echo old runs; exec sleep 300")
    ground.point(1, "old")
    until(lambda: "old runs" in ground.log)
    ground.program("new", "crash", data=RULES)
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)
    until(lambda: ground.log.count("old runs") == 2)
    assert list(ground.data.iterdir()) == []


def test_a_hook_copies_and_restores_what_is_no_database(ground):
    hook = 'case "$1" in take) cp notes "$2/";; restore) cp "$2/notes" notes;; esac'
    ground.launch()
    ground.slot("old", "echo old runs; exec sleep 300")
    (ground.data / "notes").write_text("of the old one")
    ground.point(1, "old")
    until(lambda: "old runs" in ground.log)
    ground.slot("new", 'echo of the new one > "$CALLSTEAD_PROGRAM_DATA/notes"; exit 3',
                data={"hook": ["bin/hook"]})  # fmt: skip
    place = ground.folder / "slots" / "new" / "bin" / "hook"
    place.write_text(f"#!/bin/sh\n{hook}\n")
    place.chmod(0o755)
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)
    until(lambda: ground.log.count("old runs") == 2)
    assert (ground.data / "notes").read_text() == "of the old one"


@pytest.mark.parametrize("why", ["hook", "disk", "damaged"])
def test_without_a_snapshot_the_new_release_is_not_started_and_the_old_one_goes_on(ground, why):
    ground.launch()
    ground.old_runs()
    rules = RULES | ({"hook": ["bin/none"]} if why == "hook" else {})
    ground.program("new", "crash", data=rules)
    if why == "disk":  # stands for any error of the file system
        (ground.folder / "snapshots").write_text("in the way")
    if why == "damaged":
        (ground.data / "other.db").write_bytes(b"no database at all" * 1000)
        manifest = ground.folder / "slots" / "new.json"
        manifest.write_text(manifest.read_text().replace('["calls.db"]', '["other.db"]'))
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)
    until(lambda: ground.log.count("old doors open") == 2)
    outcome = ground.read("outcome.json")
    assert outcome["started"] is False
    assert outcome["reason"].startswith("no snapshot could be taken (")
    assert "new doors" not in ground.log
    assert ground.words() == ["old", "old ends", "old"]


def test_a_launcher_killed_between_putting_back_and_its_mark_puts_back_again(ground):
    ground.program("old")
    ground.program("new", data=RULES)
    with contextlib.closing(sqlite3.connect(ground.data / "calls.db")) as db, db:
        db.execute("CREATE TABLE calls (word TEXT)")
        db.execute("INSERT INTO calls VALUES ('kept')")
    source = snapshot.Source(ground.folder, "new", ground.data, {}, 1)
    snapshot.take(source, "2")
    with contextlib.closing(sqlite3.connect(ground.data / "calls.db")) as db, db:
        db.execute("DELETE FROM calls")
    ground.point(3, "old", restore="2")
    dies = (
        "import os, sys; from updater.launcher import __main__ as launcher, keeper; "
        "keeper.replace = lambda *a, **k: os.kill(os.getpid(), 9); "
        "launcher.main(sys.argv[1:])"
    )
    assert ground.launch(code=dies).wait(timeout=60) == -signal.SIGKILL
    assert launcher.read_pointer(ground.folder).restore == "2"
    ground.launch()
    until(lambda: "old doors open" in ground.log)
    assert ground.words() == ["kept", "old"]


def test_a_trial_that_lasts_too_long_is_given_up_although_it_lives(ground):
    launch = ground.read("launch.json")
    ground.write("launch.json", launch | {"trial_seconds": 1})
    ground.launch()
    ground.old_runs()
    ground.program("new", data=RULES)
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)
    until(lambda: ground.log.count("old doors open") == 2)
    assert ground.read("outcome.json")["reason"] == "lasted longer than a trial may"
    assert ground.words() == ["old", "old ends", "old"]


def test_the_updaters_own_launcher_hands_on_what_systemd_must_hear(ground, tmp_path):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.settimeout(60)
        systemd.bind(str(tmp_path / "notify"))
        tell = "import os, sdnotify; sdnotify.SystemdNotifier().notify('READY=1')"
        ground.slot("one", f'{sys.executable} -c "{tell}"; exec sleep 300')
        launch = ground.read("launch.json")
        ground.write("launch.json", launch | {"otherwise": ["/bin/false"], "keep": ["NOTIFY_"]})
        ground.launch(under=("env", f"NOTIFY_SOCKET={tmp_path / 'notify'}"))
        assert systemd.recv(100) == b"WATCHDOG=1", "a sign of life while nothing runs yet"
        ground.point(1, "one")
        while (heard := systemd.recv(100)) == b"WATCHDOG=1":
            pass
        assert heard == b"READY=1"


def test_a_launcher_with_nothing_to_run_becomes_what_it_is_told(ground, tmp_path):
    launch = ground.read("launch.json")
    become = ["/bin/sh", "-c", f"echo $$ > {tmp_path / 'became'}"]
    ground.write("launch.json", launch | {"otherwise": become})
    ground.program("bad", "crash")
    process = ground.launch()
    ground.point(1, "bad", trial=True)
    assert process.wait(60) == 0
    assert (tmp_path / "became").read_text().split() == [str(process.pid)]


def test_a_launcher_that_is_asked_to_leave_leaves_its_program_to_the_next(ground):
    process = ground.launch()
    ground.old_runs()
    pid = ground.running(1)["pid"]
    process.send_signal(signal.SIGHUP)
    assert process.wait(60) == 0
    ground.launch()
    until(lambda: f"adopted generation 1, pid {pid}" in ground.log)
    assert ground.words() == ["old"]


# Every one of them is tried by `make drills`.
@pytest.mark.parametrize(("call", "number"), PLACES[1::5])
def test_killed_at_an_fsync_the_launcher_ends_with_the_old_release_and_its_data(
    tmp_path, call, number
):
    kill_at_fsync(tmp_path / "program", call, number)


def test_the_launchers_fsyncs_are_as_many_as_are_tried(tmp_path):
    made = count_fsyncs(tmp_path / "program")
    assert all(most - 5 < made[call] < most for call, most in MOST.items()), made
