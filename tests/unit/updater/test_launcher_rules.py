from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from updater import launcher, platform
from updater.launcher import Action, Pointer, State, decide

STEADY = Pointer(4, "new", "old", trial=False)
TRIAL = Pointer(4, "new", "old", trial=True)
NOTHING = Pointer(4, None, None, trial=False)
COPIED = Pointer(4, "new", "old", trial=True, snapshot="4")
CLOSED = Pointer(4, "new", "old", trial=True, snapshot="4", closed=True)
BACK = Pointer(5, "old", None, trial=False, restore="4")

TABLE = [
    ("no pointer yet: wait", State(), Action.WAIT),
    ("no pointer, yet something runs: leave it alone", State(running=3), Action.WAIT),
    ("nothing to run", State(NOTHING), Action.WAIT),
    ("nothing to run, but something to become", State(NOTHING, otherwise=True), Action.BECOME),
    ("nothing to run any more: stop", State(NOTHING, running=3), Action.STOP),
    ("not running: start", State(STEADY), Action.START),
    ("runs as pointed: wait", State(STEADY, running=4), Action.WAIT),
    ("a new generation: stop the old one", State(STEADY, running=3), Action.STOP),
    ("stopped for a pause", State(STEADY, pausing=True), Action.WAIT),
    ("attempts count on trial alone", State(STEADY, attempts=9), Action.START),
    ("on trial, first attempt", State(TRIAL), Action.START),
    ("on trial, last attempt", State(TRIAL, attempts=2), Action.START),
    ("on trial, last attempt runs", State(TRIAL, running=4, attempts=3), Action.WAIT),
    ("on trial, no attempt left", State(TRIAL, attempts=3), Action.FALL_BACK),
    ("falling back needs no pause", State(TRIAL, attempts=3, pausing=True), Action.FALL_BACK),
    ("a trial that lasts too long is stopped", State(TRIAL, running=4, overdue=True), Action.STOP),
    ("and given up", State(TRIAL, attempts=1, overdue=True), Action.FALL_BACK),
    ("no snapshot while the old one writes", State(COPIED, running=3), Action.STOP),
    ("the snapshot comes before the first start", State(COPIED), Action.SNAPSHOT),
    ("with the snapshot it starts", State(COPIED, taken=True), Action.START),
    ("a snapshot that is not whole is taken again", State(CLOSED, attempts=1), Action.SNAPSHOT),
    ("nothing is put back under a running program", State(BACK, running=4), Action.STOP),
    ("the snapshot is put back before the start", State(BACK), Action.RESTORE),
    ("after a failure to put it back: wait", State(BACK, pausing=True), Action.WAIT),
    ("asked to leave, runs: stop it", State(STEADY, running=4, stopping=True), Action.STOP),
    ("asked to leave, nothing runs", State(TRIAL, attempts=3, stopping=True), Action.LEAVE),
    ("asked to leave, no pointer", State(stopping=True), Action.LEAVE),
]


@pytest.mark.parametrize(("why", "state", "action"), TABLE, ids=[row[0] for row in TABLE])
def test_the_table_of_decisions(why, state, action):
    assert decide(state) is action


def test_a_given_up_trial_is_followed_by_the_previous_slot_for_good():
    assert launcher.after_fall_back(TRIAL) == Pointer(5, "old", None, trial=False)


@pytest.mark.parametrize(
    ("pointer", "taken", "restored"),
    [(TRIAL, False, None), (COPIED, True, None), (CLOSED, True, "4"), (CLOSED, False, None)],
    ids=["no snapshot", "the old one reads the new data", "it cannot", "never started"],
)
def test_only_data_that_the_previous_slot_cannot_read_are_put_back(pointer, taken, restored):
    after = launcher.after_fall_back(pointer, taken=taken)
    assert after == Pointer(5, "old", None, trial=False, restore=restored)


def test_pauses_grow_to_half_a_minute():
    assert [launcher.pause_seconds(n) for n in (1, 2, 3, 7, 400)] == [0.5, 1, 2, 30, 30]


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        (3, "ended with exit status 3 after 0.4 s"),
        (-9, "was ended by SIGKILL after 0.4 s"),
        (-63, "was ended by signal 63 after 0.4 s"),
        (None, "ended after 0.4 s"),
    ],
)
def test_an_end_is_told_in_words(status, sentence):
    assert launcher.describe_end(status, 0.4) == sentence


def test_it_runs_on_the_standard_library_alone():
    root = Path(launcher.__file__).parents[2]
    program = f"import sys; sys.path.insert(0, {str(root)!r}); "
    program += "import updater.launcher.__main__; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    loaded = set(done.stdout.split())
    assert {name.split(".")[0] for name in loaded} - sys.stdlib_module_names == {
        "__main__",
        "updater",
    }
    ours = {".".join(name.split(".")[:2]) for name in loaded if name.startswith("updater")}
    assert ours == {"updater", "updater.launcher", "updater.platform"}


def test_it_never_imports_later_what_is_not_in_the_standard_library():
    ours = ("updater.launcher", "updater.platform")
    for package in (launcher, platform):
        for path in Path(package.__file__).parent.glob("*.py"):
            nodes = list(ast.walk(ast.parse(path.read_text())))
            names = [a.name for n in nodes if isinstance(n, ast.Import) for a in n.names]
            names += [n.module for n in nodes if isinstance(n, ast.ImportFrom)]
            foreign = [name for name in names if not name.startswith(ours)]
            assert {name.split(".")[0] for name in foreign} <= sys.stdlib_module_names, path


def test_a_broken_file_counts_as_none(tmp_path):
    for text in ("", "{", "[]", "{}", '{"generation": "x", "slot": 1, "previous": 1, "trial": 1}'):
        (tmp_path / "current.json").write_text(text)
        assert launcher.read_pointer(tmp_path) is None


def test_the_log_is_capped_to_one_older_part_while_the_writer_goes_on(tmp_path):
    log = tmp_path / "program.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"old\n" * 10)
        launcher.cap_log(log, most=20)
        writer.write(b"new\n")
    assert (tmp_path / "program.log.1").read_bytes() == b"old\n" * 10
    assert log.read_bytes() == b"new\n"


def test_the_tail_starts_at_the_first_attempt_and_is_forty_lines_at_most(tmp_path):
    log = tmp_path / "program.log"
    log.write_text("of the version before\nstarting\n1\n2\n")
    assert launcher.tail(log, "starting") == ["starting", "1", "2"]
    log.write_text("starting\n" + "x\n" * 100)
    assert launcher.tail(log, "starting") == ["x"] * 40
    assert launcher.tail(tmp_path / "none", "starting") == []


def test_a_process_is_known_by_its_kernel_start_not_by_its_pid_alone():
    assert isinstance(launcher.kernel_start(os.getpid()), int)
    ended = subprocess.Popen(["true"])
    ended.wait()
    assert launcher.kernel_start(ended.pid) is None
