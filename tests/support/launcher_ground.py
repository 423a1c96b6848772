"""One program's folder with tiny shell programs in its slots, and real launchers on it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from updater import launcher

ROOT = Path(launcher.__file__).parents[2]
LONG = "echo alive $$; exec sleep 300"
STUBBORN = "trap '' TERM; echo stubborn; while :; do sleep 300; done"


def until(condition, seconds=60.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)
    return found


class Ground:
    """One program folder, and the launchers started on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        folder.mkdir()
        self.write("launch.json", {"env": {"GREETING": "hello"}, "stop_seconds": 0.3})

    def write(self, name, value):
        launcher.write_json(self.folder / name, value)

    def read(self, name):
        return launcher.read_json(self.folder / name)

    def slot(self, name, script, **manifest):
        program = self.folder / "slots" / name / "bin" / "program"
        program.parent.mkdir(parents=True)
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        (self.folder / "slots" / f"{name}.json").write_text(
            json.dumps({"start": ["bin/program", "an argument"]} | manifest)
        )
        return name

    def point(self, generation, slot, previous=None, *, trial=False, **rest):
        pointer = launcher.Pointer(generation, slot, previous, trial, **rest)
        self.write("current.json", vars(pointer))

    def launch(self, *arguments, code=None, under=()):
        what = ["-c", code] if code else ["-m", "updater.launcher"]
        process = subprocess.Popen(
            [*under, sys.executable, *what, str(self.folder), *arguments],
            cwd=ROOT,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.started.append(process)
        return process

    @property
    def log(self):
        path = self.folder / "log" / "program.log"
        return path.read_text() if path.exists() else ""

    def running(self, generation=None):
        """The record of the running program, once it runs."""
        record = self.read("running.json")
        if record and (generation is None or record["generation"] == generation):
            return record if launcher.kernel_start(record["pid"]) else None
        return None

    def end(self):
        for process in self.started:
            if process.poll() is None:
                for child in children(process.pid):  # of strace; of a launcher, its program
                    os.kill(child, signal.SIGKILL)
                process.kill()
            process.communicate()
        if record := self.running():
            os.killpg(record["pid"], signal.SIGKILL)


def children(pid):
    """The pids of a process's children."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
