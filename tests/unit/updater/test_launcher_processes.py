"""The launcher as a real process, with tiny shell programs in its slots."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from tests.support.launcher_ground import LONG, ROOT, STUBBORN, Ground, children, until
from updater import launcher


@pytest.fixture
def ground(tmp_path):
    made = Ground(tmp_path / "program")
    yield made
    made.end()


def test_it_waits_for_the_first_pointer_then_starts_with_environment_and_arguments(ground):
    ground.launch()
    until((ground.folder / "launcher.lock").exists)
    ground.slot("one", 'echo "$GREETING $1 [$PYTHONPATH]"; exec sleep 300')
    ground.point(1, "one")
    record = until(ground.running)
    until(lambda: "hello an argument []" in ground.log)
    assert record["slot"] == "one"
    assert record["generation"] == 1
    assert launcher.kernel_start(record["pid"]) == record["started"]
    assert not (ground.folder / "attempts.json").exists()


def test_a_program_that_ends_is_started_again_and_leaves_no_zombie(ground):
    process = ground.launch()
    ground.slot("one", "echo run; [ -e ../../../again ] && exec sleep 300; touch ../../../again")
    ground.point(1, "one")
    until(lambda: ground.log.count("run\n") == 2)
    assert "generation 1 ended with exit status 0 after" in ground.log
    assert children(process.pid) == [until(ground.running)["pid"]]


def test_a_new_generation_replaces_the_program_even_a_stubborn_one_and_its_helpers(ground):
    ground.launch()
    ground.slot("one", f"sleep 301 & echo helper $!; {STUBBORN}")
    ground.slot("two", LONG)
    ground.point(1, "one")
    until(lambda: "stubborn" in ground.log)
    old = ground.running()
    helper = int(ground.log.split("helper ")[1].split()[0])
    ground.point(2, "two", "one")
    assert until(lambda: ground.running(2))["slot"] == "two"
    assert launcher.kernel_start(old["pid"]) is None
    until(lambda: launcher.kernel_start(helper) is None)
    assert "stopped generation 1: it was ended by SIGKILL" in ground.log


def test_the_same_slot_in_a_new_generation_is_a_restart(ground):
    ground.launch()
    ground.slot("one", LONG)
    ground.point(1, "one")
    first = until(lambda: ground.running(1))
    ground.point(2, "one")
    assert until(lambda: ground.running(2))["pid"] != first["pid"]


def test_committing_a_trial_does_not_restart_the_program(ground):
    ground.launch()
    ground.slot("one", LONG)
    ground.point(1, "one", trial=True)
    first = until(lambda: ground.running(1))
    ground.point(1, "one", trial=False)
    ground.slot("two", LONG)
    ground.point(2, "two", "one")
    until(lambda: ground.running(2))
    assert ground.log.count("starting generation 1") == 1
    assert first["generation"] == 1


def test_three_failed_attempts_fall_back_and_say_why(ground):
    ground.launch()
    ground.slot("old", "echo of the old one; exec sleep 300")
    ground.slot("bad", "echo cannot start >&2; exit 3")
    ground.point(1, "old")
    until(lambda: "of the old one" in ground.log)
    ground.point(2, "bad", "old", trial=True)
    assert until(lambda: ground.running(3))["slot"] == "old"
    outcome = ground.read("outcome.json")
    assert (outcome["generation"], outcome["slot"]) == (2, "bad")
    assert outcome["reason"].startswith("ended with exit status 3 after 0.")
    assert outcome["log_tail"].count("cannot start") == 3
    assert "of the old one" not in outcome["log_tail"]
    assert ground.read("current.json") == {
        "generation": 3,
        "slot": "old",
        "previous": None,
        "trial": False,
        "snapshot": None,
        "closed": False,
        "restore": None,
    }
    assert ground.read("attempts.json")["count"] == 3


def test_a_trial_without_a_previous_slot_falls_back_to_nothing(ground):
    process = ground.launch()
    ground.slot("bad", "exit 1")
    ground.write("launch.json", {"max_attempts": 1})
    ground.point(1, "bad", trial=True)
    until(lambda: (ground.read("current.json") or {}).get("generation") == 2)
    assert ground.read("current.json")["slot"] is None
    assert process.poll() is None


@pytest.mark.parametrize("damage", ["no manifest", "no file"])
def test_a_slot_that_cannot_be_started_is_a_failed_attempt(ground, damage):
    ground.launch()
    ground.slot("bad", LONG)
    name = "slots/bad.json" if damage == "no manifest" else "slots/bad/bin/program"
    (ground.folder / name).unlink()
    ground.write("launch.json", {"max_attempts": 1})
    ground.point(1, "bad", trial=True)
    outcome = until(lambda: ground.read("outcome.json"))
    assert outcome["reason"].startswith("could not be started: ")
    until(lambda: not (ground.folder / "running.json").exists())


def test_the_program_survives_a_killed_launcher_and_is_adopted_by_the_next(ground):
    first = ground.launch()
    ground.slot("one", LONG)
    ground.slot("two", LONG)
    ground.point(1, "one")
    record = until(lambda: ground.running(1))
    first.kill()
    first.wait()
    assert launcher.kernel_start(record["pid"]) == record["started"]
    ground.launch()
    until(lambda: f"adopted generation 1, pid {record['pid']}" in ground.log)
    assert ground.log.count("starting generation 1") == 1
    ground.point(2, "two")
    until(lambda: ground.running(2))
    assert launcher.kernel_start(record["pid"]) is None


def test_an_adopted_program_that_ends_is_noticed_and_started_again(ground):
    first = ground.launch()
    ground.slot("one", LONG)
    ground.point(1, "one")
    record = until(lambda: ground.running(1))
    first.kill()
    first.wait()
    ground.launch()
    until(lambda: "adopted" in ground.log)
    os.kill(record["pid"], signal.SIGKILL)
    until(lambda: (ground.running(1) or record)["pid"] != record["pid"])


def test_a_stale_record_is_not_adopted_when_the_pid_belongs_to_another(ground):
    ground.slot("one", LONG)
    other = launcher.kernel_start(os.getpid())
    record = {"pid": os.getpid(), "started": other + 1, "boot": launcher.boot_id()}
    record |= {"generation": 1, "slot": "one", "since": "2026-01-01T00:00:00.000Z"}
    ground.write("running.json", record)
    ground.point(1, "one")
    ground.launch()
    until(lambda: "alive" in ground.log)
    assert "adopted" not in ground.log


def test_a_kill_while_the_program_is_being_started_leaves_no_unknown_orphan(ground):
    """The launcher dies after the fork, before the new process has written its record."""
    ground.slot("one", LONG)
    ground.point(1, "one")
    dies = (
        "import os, sys, time; from updater.launcher import __main__ as launcher; "
        "me, names = os.getpid(), launcher.here.boot_id; "
        "launcher.here.boot_id = lambda: (os.getpid() == me) or "
        "(os.kill(me, 9), time.sleep(0.3), names())[-1]; "
        "launcher.main(sys.argv[1:])"
    )
    assert ground.launch(code=dies).wait(timeout=20) == -signal.SIGKILL
    ground.launch()
    until(lambda: "adopted generation 1" in ground.log)
    until(lambda: "alive" in ground.log)
    assert ground.log.count("starting generation 1") == 1


def test_it_goes_on_when_nobody_reads_what_it_says_any_more(ground):
    process = ground.launch()
    process.stderr.close()
    ground.slot("one", LONG)
    ground.point(1, "one")
    first = until(lambda: ground.running(1))
    ground.point(2, "one")
    assert until(lambda: ground.running(2))["pid"] != first["pid"]
    process.stderr = None


def test_a_second_launcher_leaves_with_a_sentence(ground):
    ground.launch()
    ground.slot("one", LONG)
    ground.point(1, "one")
    record = until(ground.running)
    second = ground.launch()
    _out, told = second.communicate(timeout=20)
    assert second.returncode == 2
    assert told.startswith("Another launcher already looks after ")
    assert ground.running() == record


def test_a_folder_that_cannot_be_made_is_told_in_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = subprocess.run(
        [sys.executable, "-m", "updater.launcher", str(tmp_path / "file" / "program")],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("The launcher cannot work in ")
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_stops_the_program_then_the_launcher_and_costs_no_attempt(ground, number):
    process = ground.launch()
    ground.slot("one", LONG)
    ground.point(1, "one", trial=True)
    record = until(lambda: ground.running(1))
    process.send_signal(number)
    assert process.wait(timeout=20) == 0
    assert launcher.kernel_start(record["pid"]) is None
    assert not (ground.folder / "running.json").exists()
    assert ground.read("attempts.json") == {"generation": 1, "count": 0}


def test_a_kill_between_counting_and_starting_uses_the_attempt_up(ground):
    ground.slot("bad", LONG)
    ground.slot("old", LONG)
    ground.point(1, "bad", "old", trial=True)
    dies = (
        "import os, sys; from updater.launcher import __main__ as launcher, Program; "
        "Program.start = lambda *a: os.kill(os.getpid(), 9); "
        "launcher.main(sys.argv[1:])"
    )
    for count in (1, 2, 3):
        assert ground.launch(code=dies).wait(timeout=20) == -signal.SIGKILL
        assert ground.read("attempts.json") == {"generation": 1, "count": count}
    ground.launch()
    assert until(lambda: ground.running(2))["slot"] == "old"
    assert "alive" in until(lambda: ground.log if "alive" in ground.log else "")
    assert ground.read("outcome.json")["reason"] == "ended while no launcher was watching"


def test_a_kill_between_outcome_and_pointer_falls_back_at_the_next_start(ground):
    ground.slot("bad", "exit 1")
    ground.slot("old", LONG)
    ground.point(1, "bad", "old", trial=True)
    ground.write("attempts.json", {"generation": 1, "count": 3, "ended": "ended badly"})
    dies = (
        "import os, sys; from updater.launcher import __main__ as launcher, keeper; "
        "keeper.after_fall_back = lambda *a, **k: os.kill(os.getpid(), 9); "
        "launcher.main(sys.argv[1:])"
    )
    assert ground.launch(code=dies).wait(timeout=20) == -signal.SIGKILL
    assert ground.read("current.json")["generation"] == 1
    assert ground.read("outcome.json")["reason"] == "ended badly"
    ground.launch()
    assert until(lambda: ground.running(2))["slot"] == "old"
    assert ground.read("outcome.json")["generation"] == 1


def test_a_talkative_program_cannot_fill_the_disk(ground):
    ground.launch("--log-bytes", "50000")
    ground.slot("one", "while :; do head -c 20000 /dev/zero; sleep 0.02; done")
    ground.point(1, "one")
    older = ground.folder / "log" / "program.log.1"
    until(older.exists)
    assert sorted(p.name for p in older.parent.iterdir()) == ["program.log", "program.log.1"]
