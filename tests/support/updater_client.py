"""One computer with the whole updater as its user runs it: real processes on a folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil

from tests.support.tiny_releases import PRODUCT
from updater.lock import is_held
from updater.running import read_running

ROOT = Path(__file__).resolve().parents[3]


def until(condition, what, seconds=120.0):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)
    return found


class Client:
    """One computer: its folder, its commands, its updater."""

    def __init__(self, folder: Path) -> None:
        self.home = folder
        self.folder = folder / "updater"
        self.place = self.folder / "programs" / PRODUCT
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.env = os.environ | {
            "CALLSTEAD_HOME": str(folder),
            "CALLSTEAD_UPDATER_DISK_RESERVE": "0",
            # Hints must do it: a look by the clock would come after the test.
            "CALLSTEAD_UPDATER_EVERY_CHECK": "900",
            "CALLSTEAD_UPDATER_EVERY_PROBE": "0.1",
            "CALLSTEAD_UPDATER_EVERY_RETRY_MOST": "1",
            "CALLSTEAD_UPDATER_NETWORK_HINT_WAIT": "2",
            "CALLSTEAD_UPDATER_PROGRAMS_STOP_SECONDS": "2",
        }
        self.updater: subprocess.Popen[bytes] | None = None

    def call(self, *arguments, expect=0, **env):
        done = subprocess.run(
            [sys.executable, "-m", "common", "updater", *arguments],
            cwd=ROOT,
            env=self.env | env,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout if done.returncode in {0, 1} else done.stderr

    def told(self, *arguments, expect=0):
        return json.loads(self.call(*arguments, "--json", expect=expect))

    def serve(self, **env):
        with (self.home / "updater.log").open("ab") as log:
            self.updater = subprocess.Popen(
                [sys.executable, "-m", "common", "updater", "serve"],
                cwd=ROOT,
                env=self.env | env,
                stdout=log,
                stderr=log,
            )
        until(lambda: is_held(self.folder / "updater.lock"), "the updater")

    def end(self, number=signal.SIGTERM):
        self.updater.send_signal(number)
        return self.updater.wait(30)

    def healthy(self):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=2) as got:
                return got.status == 200
        except (urllib.error.URLError, OSError):
            return False

    def slot(self):
        running = read_running(self.place)
        return running.slot if running else None

    @property
    def log(self):
        path = self.place / "log" / "program.log"
        return path.read_text() if path.exists() else ""

    def clean_up(self):
        if self.updater and self.updater.poll() is None:
            self.updater.kill()
            self.updater.wait()
        for process in psutil.process_iter(["cmdline"]):
            line = process.info["cmdline"] or []
            if "updater.launcher" in line and line[-1] == str(self.place):
                process.kill()
        if running := read_running(self.place):
            os.killpg(running.pid, signal.SIGKILL)
