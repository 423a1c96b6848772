"""Starts the site's programs, starts again what died, stops them in order."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from common.atomic import write_json
from common.backoff import Backoff
from common.errors import OperatorError

_BACKOFF = Backoff(first=0.5, most=5)
_STOP_SECONDS = 20.0
_MOST_LOG = 20 * 2**20


@dataclass
class Program:
    """One process of the site.

    Attributes:
        healthy: asked until it says yes.
        patience: seconds until it must have said so.
    """

    name: str
    argv: list[str]
    log: Path
    healthy: Callable[[], bool]
    env: dict[str, str] = field(default_factory=dict)
    patience: float = 60.0
    process: subprocess.Popen[bytes] | None = None
    failures: int = 0
    start_at: float = 0.0


class Processes:
    """The processes of `callstead run`; not thread-safe."""

    def __init__(self, run_file: Path) -> None:
        self._run_file = run_file
        self._programs: list[Program] = []

    def start(self, program: Program) -> None:
        """Start, and `wait` for it."""
        self.begin(program)
        self.wait(program)

    def begin(self, program: Program) -> None:
        """Start without waiting."""
        self._programs.append(program)
        self._spawn(program)

    @staticmethod
    def wait(program: Program) -> None:
        """Wait until healthy. Raises OperatorError with the last words of its log."""
        deadline = time.monotonic() + program.patience
        while not program.healthy():
            assert program.process is not None  # noqa: S101 - set by _spawn
            if program.process.poll() is not None or time.monotonic() > deadline:
                raise OperatorError(
                    f"The program {program.name} did not start. "
                    f"Its log {program.log} ends with: {last_words(program.log)}"
                )
            time.sleep(0.1)

    def tick(self) -> list[str]:
        """Start again what died; answers a sentence for each event."""
        told = []
        now = time.monotonic()
        for program in self._programs:
            process = program.process
            if process is not None and process.poll() is not None:
                program.failures += 1
                wait = _BACKOFF.delay(program.failures)
                program.start_at, program.process = now + wait, None
                told.append(
                    f"{program.name} ended with {process.returncode}; "
                    f"starting it again in {wait:.1f} s"
                )
            elif process is None and now >= program.start_at:
                self._spawn(program)
                told.append(f"{program.name} started again (pid {self._pid(program)})")
            elif process is not None and now - program.start_at > 60:
                program.failures = 0
        return told

    def stop(self) -> None:
        """Stop in the reverse order of starting; what does not listen is killed."""
        for program in reversed(self._programs):
            process = program.process
            if process is None or process.poll() is not None:
                continue
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._run_file.unlink(missing_ok=True)

    def _spawn(self, program: Program) -> None:
        program.log.parent.mkdir(parents=True, exist_ok=True)
        if program.log.exists() and program.log.stat().st_size > _MOST_LOG:
            program.log.replace(program.log.with_suffix(".log.1"))
        with program.log.open("ab") as log:
            # A session of its own: Ctrl-C reaches us alone, and we stop the others in order.
            program.process = subprocess.Popen(
                program.argv,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=os.environ | program.env,
                start_new_session=True,
            )
        program.start_at = time.monotonic()
        self._tell()

    def _tell(self) -> None:
        pids = {p.name: self._pid(p) for p in self._programs if p.process is not None}
        write_json(self._run_file, {"pid": os.getpid(), "programs": pids})

    @staticmethod
    def _pid(program: Program) -> int:
        return program.process.pid if program.process else 0


def last_words(log: Path, lines: int = 3) -> str:
    """The end of a log, on one line."""
    try:
        return " | ".join(log.read_text("utf-8", "replace").splitlines()[-lines:])
    except OSError:
        return "(nothing)"
