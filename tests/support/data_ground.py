"""A program with a database in the care of real launchers, which are killed at their fsyncs."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import sqlite3
import sys
from collections import Counter
from pathlib import Path

from tests.support.launcher_ground import Ground, children, until
from updater import launcher

RULES = {"databases": ["calls.db"]}
# A failing trial makes 21 and 7; a little room, because a launcher may look once more or less.
# strace counts each call for itself.
MOST = {"fsync": 24, "fdatasync": 10}
PLACES = [(call, number) for call, most in MOST.items() for number in range(1, most)]
# Writes its word when it starts, and once more when it is asked to end: the last acknowledged call.
PROGRAM = """
import os, signal, sqlite3, sys, time
os.chdir(os.environ["CALLSTEAD_PROGRAM_DATA"])
db = sqlite3.connect("calls.db")
db.execute("PRAGMA journal_mode=WAL")
db.execute("PRAGMA synchronous=FULL")
def write(word):
    with db:
        db.execute("CREATE TABLE IF NOT EXISTS calls (word TEXT)")
        db.execute("INSERT INTO calls VALUES (?)", (word,))
def end(*_):
    write(sys.argv[1] + " ends")
    os._exit(0)
signal.signal(signal.SIGTERM, end)
write(sys.argv[1])
print(sys.argv[1], "doors", os.environ.get("CALLSTEAD_CLOSED_DOORS", "open"), flush=True)
if len(sys.argv) > 2:
    os._exit(3)  # no checkpoint: what it wrote is in the -wal
time.sleep(300)
"""


class DataGround(Ground):
    def __init__(self, folder):
        super().__init__(folder)
        self.data = folder / "data"
        self.data.mkdir()
        (folder / "program.py").write_text(PROGRAM)
        env = {"CALLSTEAD_PROGRAM_DATA": str(self.data)}
        self.write("launch.json", {"env": env, "stop_seconds": 20, "max_attempts": 2})

    def program(self, name, *words, **manifest):
        script = f"exec {sys.executable} {self.folder / 'program.py'} {name} {' '.join(words)}"
        return self.slot(name, script, **manifest)

    def words(self):
        with contextlib.closing(sqlite3.connect(self.data / "calls.db", timeout=30)) as db:
            return [row[0] for row in db.execute("SELECT word FROM calls ORDER BY rowid")]

    def old_runs(self):
        self.program("old")
        self.point(1, "old")
        until(lambda: "old doors open" in self.log)


def failing_trial(folder):
    """A ground on which a closed trial will fail: everything that the launcher can do is in it."""
    ground = DataGround(folder)
    ground.program("old")
    ground.program("new", "crash", data=RULES)
    ground.point(1, "old")
    return ground


def go_over(ground):
    until(lambda: "old doors open" in ground.log)
    ground.point(2, "new", "old", trial=True, snapshot="2", closed=True)


def count_fsyncs(folder: Path) -> Counter[str]:
    """How many of each call one launcher makes from the old release to the new one and back."""
    ground, trace = failing_trial(folder), folder.with_name("trace")
    try:
        what = ("strace", "-qq", "-e", "trace=fsync,fdatasync", "-o", str(trace))
        process = ground.launch(under=what)
        go_over(ground)
        until(lambda: ground.log.count("old doors open") >= 2)
        os.kill(children(process.pid)[0], signal.SIGKILL)
        process.wait(60)
        return Counter(re.findall("^f(?:data)?sync", trace.read_text(), re.MULTILINE))
    finally:
        ground.end()


def kill_at_fsync(folder: Path, call: str, number: int) -> None:
    """The same, killed at one of them; the next launcher must end with the old release whole."""
    ground = failing_trial(folder)
    try:
        at = f"{call} {number}"
        inject = f"inject={call}:signal=SIGKILL:when={number}"
        process = ground.launch(under=("strace", "-qq", "-o", "/dev/null", "-e", inject))
        go_over(ground)
        until(lambda: process.poll() is not None or ground.log.count("old doors open") >= 2)
        ground.launch()
        until(lambda: ground.log.count("old doors open") >= 2)
        until(lambda: (ground.running() or {}).get("slot") == "old")
        pointer = launcher.read_pointer(ground.folder)
        assert (pointer.slot, pointer.trial, pointer.restore) == ("old", False, None), at
        assert [word for word in ground.words() if word.startswith("new")] == [], at
        assert ground.words()[:2] == ["old", "old ends"], at
    finally:
        ground.end()
