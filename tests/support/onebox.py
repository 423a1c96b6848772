"""A whole site in a folder of its own on free ports, started as a person starts it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tests.support.waiting import until

ROOT = Path(__file__).resolve().parents[2]


def free_ports(count: int) -> list[int]:
    """Ports that were free a moment ago."""
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class OneBox:
    """``callstead run`` and the commands beside it."""

    def __init__(self, folder: Path, extra: Mapping[str, str] | None = None) -> None:
        self.home = folder
        ports = free_ports(5)
        names = ("APPLIANCE_PORT", "COMM_PORT", "HOME_PORT", "HOME_MAIL_PORT", "COMPANION_PORT")
        self.ports = dict(zip(names, ports, strict=True))
        self.env = {
            **{k: v for k, v in os.environ.items() if not k.startswith("CALLSTEAD_")},
            "CALLSTEAD_HOME": str(folder),
            **{f"CALLSTEAD_{name}": str(port) for name, port in self.ports.items()},
            **(extra or {}),
        }
        self.process: subprocess.Popen[str] | None = None
        self._out = folder.parent / f"{folder.name}.out"

    def start(self, seconds: float = 240) -> str:
        """Start and wait for ``ready``; what was printed."""
        with self._out.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "common", "run"],
                cwd=ROOT, env=self.env, stdin=subprocess.DEVNULL, stdout=out,
                stderr=subprocess.STDOUT, text=True, start_new_session=True,
            )  # fmt: skip
        process = self.process

        def ready() -> bool:
            if process.poll() is not None:
                raise AssertionError(f"run ended with {process.returncode}: {self.printed()}")
            return "\nready\n" in "\n" + self.printed()

        until(ready, seconds, "`callstead run` to be ready", self.printed)
        return self.printed()

    def printed(self) -> str:
        """What ``run`` has printed so far."""
        return self._out.read_text("utf-8", "replace")

    def stop(self, seconds: float = 60) -> int:
        """Ctrl-C; the exit status."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        try:
            return self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            raise

    def command(self, *arguments: str, expect: int = 0, timeout: float = 240) -> str:
        """Run ``callstead ARGUMENTS``; its output."""
        done = self.call(*arguments, timeout=timeout)
        assert done.returncode == expect, (arguments, done.returncode, done.stdout, done.stderr)
        return done.stdout

    def call(self, *arguments: str, timeout: float = 240) -> subprocess.CompletedProcess[str]:
        """Run ``callstead ARGUMENTS``, however it ends."""
        return subprocess.run(
            [sys.executable, "-m", "common", *arguments],
            cwd=ROOT, env=self.env, capture_output=True, text=True, timeout=timeout, check=False,
        )  # fmt: skip

    def json(self, *arguments: str) -> Any:
        """Run ``callstead ARGUMENTS --json``."""
        return json.loads(self.command(*arguments, "--json"))

    def pids(self) -> dict[str, int]:
        """The site's processes by name."""
        return dict(json.loads((self.home / "run.json").read_text("utf-8"))["programs"])

    def log(self, room: str) -> str:
        """A program's log."""
        path = self.home / "log" / f"{room}.log"
        return path.read_text("utf-8", "replace") if path.exists() else ""


def alive(pid: int) -> bool:
    """Whether a process with this id exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
