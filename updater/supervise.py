"""Sees that a launcher runs for each program. The launcher outlives us, and so does the program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import psutil

from common.logs import get_logger
from updater import launcher
from updater.lock import is_held
from updater.paths import ProgramFolder
from updater.platform import here

log = get_logger(__name__)
_ROOT = Path(launcher.__file__).parents[2]
_MOST_LOG = 1_000_000
LEAVE_SIGNAL = here.LEAVE_SIGNAL


class Supervisor:
    """Starts launchers, and stops them when asked to."""

    def __init__(self) -> None:
        self._children: dict[Path, subprocess.Popen[bytes]] = {}

    def look_after(self, folders: Iterable[ProgramFolder]) -> None:
        """Start a launcher wherever none runs."""
        for folder in folders:
            child = self._children.get(folder.root)
            if child and child.poll() is None:
                continue  # it runs, or is just about to take its lock
            if child:
                log.warning("launcher.ended", folder=str(folder.root), status=child.returncode)
                del self._children[folder.root]
            if not is_held(folder.lock):
                self._children[folder.root] = _start(folder)

    def renew(self, folders: Iterable[ProgramFolder]) -> None:
        """Let launchers of another release of ours leave; their programs live on.

        Else they would outlive the slot that their code lies in.
        """
        if LEAVE_SIGNAL is None:
            return
        for folder in folders:
            for pid, line in _launchers_of(folder):
                if line[0] != launcher_command(folder)[0]:
                    log.info("launcher.renewed", folder=str(folder.root), pid=pid)
                    os.kill(pid, LEAVE_SIGNAL)

    def stop(self, folders: Iterable[ProgramFolder], seconds: float) -> None:
        """Stop every launcher, and with it its program; wait at most ``seconds`` for all."""
        stopping = list(folders)
        for folder in stopping:
            for pid, _line in _launchers_of(folder):
                log.info("launcher.stopping", folder=str(folder.root), pid=pid)
                os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while any(is_held(folder.lock) for folder in stopping) and time.monotonic() < deadline:
            time.sleep(0.05)
        for child in self._children.values():
            child.wait(max(0.1, deadline - time.monotonic()))
        self._children.clear()


def _start(folder: ProgramFolder) -> subprocess.Popen[bytes]:
    path = folder.log.with_name("launcher.log")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _MOST_LOG:
        path.unlink()
    with path.open("ab") as out:
        child = subprocess.Popen(
            launcher_command(folder),
            cwd=_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=out,
            start_new_session=True,  # a Ctrl-C at the updater's terminal is not for programs
        )
    log.info("launcher.started", folder=str(folder.root), pid=child.pid)
    return child


def launcher_command(folder: ProgramFolder) -> list[str]:
    """The command of a folder's launcher, by the code that runs here."""
    if getattr(sys, "frozen", False):  # a packed program has no -m
        return [sys.executable, "updater", "launch", str(folder.root)]
    return [sys.executable, "-m", "updater.launcher", str(folder.root)]


def _is_launcher(line: list[str]) -> bool:
    return "updater.launcher" in line or line[1:-1] == ["updater", "launch"]


def _launchers_of(folder: ProgramFolder) -> Iterator[tuple[int, list[str]]]:
    """Launchers of this folder, whoever started them: pid and command."""
    for process in psutil.process_iter(["pid", "cmdline"]):
        line = process.info["cmdline"] or []
        if line and line[-1] == str(folder.root) and _is_launcher(line):
            yield process.info["pid"], line
