"""The launcher itself: looks, decides, acts."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from updater.launcher import snapshot
from updater.launcher.files import (
    cap_log,
    pointer_lock,
    read_json,
    read_pointer,
    stamp,
    tail,
    write_json,
)
from updater.launcher.notify import Relay
from updater.launcher.program import Program
from updater.launcher.rules import Action, Pointer, State, after_fall_back, decide, pause_seconds
from updater.platform import here

POLL_SECONDS = 0.2
# A program that ran this long was working: its next end is a new failure, not the same one.
STEADY_SECONDS = 60.0
# These belong to the launcher's own process, or to the updater around it.
_NOT_INHERITED = (
    "PYTHON",
    "VIRTUAL_ENV",
    "CALLSTEAD_",
    "SENTRY_",
    "NOTIFY_",
    "LISTEN_",
    "WATCHDOG_",
)
_DEFAULTS: dict[str, Any] = {
    "env": {}, "keep": [], "stop_seconds": 10, "max_attempts": 3, "trial_seconds": 0,
    "hook_seconds": 300, "otherwise": [],
}  # fmt: skip
_FAILURES = (OSError, ValueError, sqlite3.Error, subprocess.SubprocessError)


class Launcher:
    """Reads the pointer, decides, acts; one per folder."""

    def __init__(self, folder: Path, log_most: int, stopping: Callable[[], bool]) -> None:
        self.folder = folder
        self._stopping = stopping
        self._log = folder / "log" / "program.log"
        self._log_most = log_most
        self._failures = 0
        self._pause_until = 0.0
        self._trial: tuple[int, float] | None = None  # generation, monotonic since we watch it
        self._relay: Relay | None = None
        self._program = Program.find(folder)
        if self._program:
            self._say(f"adopted generation {self._program.generation}, pid {self._program.pid}")
        else:
            self._forget()

    def run(self, left: list[int]) -> list[str]:
        """Until asked to stop, and the program has ended; or to leave, and it lives on.

        Args:
            left: grows when it is asked to leave. The updater's own launcher passes that on
                instead: to the updater it means to read its settings again.

        Answers the command to become, when no slot is to run and there is one.
        """
        self._relay = Relay() if self._launch()["otherwise"] else None
        try:
            while not left or self._passed_on(left):
                if self._relay:
                    self._relay.pump(beat=self._program is None)
                try:
                    action = self.step()
                    if action is Action.BECOME:
                        return [str(word) for word in self._launch()["otherwise"]]
                    if action is Action.LEAVE:
                        return []
                except OSError as error:
                    # A full disk must not end the watch; what was not counted was not started.
                    self._say(f"cannot work in {self.folder}: {error}")
                time.sleep(POLL_SECONDS)
            return []
        finally:
            if self._relay:
                self._relay.close()

    def _passed_on(self, left: list[int]) -> bool:
        if not self._launch()["otherwise"]:
            return False
        left.clear()
        if self._program:
            here.ask_to_reload(self._program.pid)
        return True

    def step(self) -> Action:
        """Look once and act once."""
        self._look_after()
        pointer = read_pointer(self.folder)
        launch = self._launch()
        action = decide(
            State(
                pointer=pointer,
                running=self._program.generation if self._program else None,
                attempts=self._attempts(pointer),
                max_attempts=int(launch["max_attempts"]),
                pausing=time.monotonic() < self._pause_until,
                stopping=self._stopping(),
                taken=self._taken(pointer),
                overdue=self._overdue(pointer, float(launch["trial_seconds"])),
                otherwise=bool(launch["otherwise"]),
            )
        )
        if action is Action.STOP:
            self._stop(pointer)
        elif pointer and action is Action.SNAPSHOT:
            self._snapshot(pointer)
        elif pointer and action is Action.RESTORE:
            self._restore(pointer)
        elif pointer and action is Action.START:
            self._start(pointer)
        elif pointer and action is Action.FALL_BACK:
            self._give_up(pointer)
        return action

    def _look_after(self) -> None:
        cap_log(self._log, self._log_most)
        program = self._program
        if program and (how := program.ended()):
            self._failures = 1 if program.seconds() > STEADY_SECONDS else self._failures + 1
            self._note_failure(program.generation, how)
            self._program = None
            self._forget()

    def _note_failure(self, generation: int, how: str) -> None:
        self._say(f"generation {generation} {how}")
        self._pause_until = time.monotonic() + pause_seconds(self._failures)
        counted = read_json(self.folder / "attempts.json")
        if counted and counted.get("generation") == generation:
            write_json(self.folder / "attempts.json", {**counted, "ended": how})

    def _start(self, pointer: Pointer) -> None:
        number = self._attempts(pointer) + 1
        if pointer.trial:
            self._count(pointer.generation, number)
        self._say(_start_line(pointer.generation, number if pointer.trial else None, pointer.slot))
        try:
            self._program = Program.start(self.folder, pointer, self._environment())
        except (OSError, ValueError, subprocess.SubprocessError) as error:
            self._forget()
            self._failures += 1
            self._note_failure(pointer.generation, f"could not be started: {error}")

    def _stop(self, pointer: Pointer | None) -> None:
        assert self._program  # noqa: S101 - decide() stops only what runs
        how = self._program.stop(float(self._launch()["stop_seconds"]))
        self._say(f"stopped generation {self._program.generation}: it {how}")
        if pointer and pointer.trial and pointer.generation == self._program.generation:
            # It was stopped in order (the machine goes down): that start did not fail.
            self._count(pointer.generation, self._attempts(pointer) - 1)
        self._program = None
        self._failures, self._pause_until = 0, 0.0
        self._forget()

    def _snapshot(self, pointer: Pointer) -> None:
        self._say(f"taking the snapshot {pointer.snapshot} of {self._data()}")
        try:
            snapshot.take(self._source(str(pointer.slot)), str(pointer.snapshot))
        except snapshot.StoppedError:
            return
        except _FAILURES as error:
            # The new slot was never started: the old one goes on, with its data as they are.
            self._fall_back(pointer, f"no snapshot could be taken ({error})", started=False)

    def _restore(self, pointer: Pointer) -> None:
        name = str(pointer.restore)
        record = read_json(snapshot.place_of(self.folder, name) / "snapshot.json") or {}
        try:
            snapshot.restore(self._source(str(record.get("slot"))), name)
        except snapshot.StoppedError:
            return
        except _FAILURES as error:
            # Not started without it: it would meet data that it cannot read.
            self._failures += 1
            self._pause_until = time.monotonic() + pause_seconds(self._failures)
            self._say(f"the snapshot {name} could not be put back: {error}; tried again")
            return
        with pointer_lock(self.folder):
            if read_pointer(self.folder) == pointer:
                write_json(self.folder / "current.json", vars(replace(pointer, restore=None)))
        self._failures = 0
        self._say(f"put the snapshot {name} back")

    def _give_up(self, pointer: Pointer) -> None:
        counted = read_json(self.folder / "attempts.json") or {}
        reason = counted.get("ended", "ended while no launcher was watching")
        if self._attempts(pointer) < int(self._launch()["max_attempts"]):
            reason = "lasted longer than a trial may"
        self._fall_back(pointer, reason, started=True)

    def _fall_back(self, pointer: Pointer, reason: str, *, started: bool) -> None:
        with pointer_lock(self.folder):
            if read_pointer(self.folder) != pointer:
                return  # the updater was faster
            log_tail = tail(self._log, _start_line(pointer.generation, 1, pointer.slot))
            outcome: dict[str, Any] = {"generation": pointer.generation, "slot": pointer.slot}
            outcome |= {"reason": reason, "at": stamp(), "log_tail": log_tail, "started": started}
            write_json(self.folder / "outcome.json", outcome)
            after = after_fall_back(pointer, taken=self._taken(pointer))
            write_json(self.folder / "current.json", vars(after))
        self._say(f"gave up generation {pointer.generation}: {reason}")
        self._failures, self._pause_until = 0, 0.0

    def _taken(self, pointer: Pointer | None) -> bool:
        return bool(
            pointer
            and pointer.trial
            and pointer.snapshot
            and snapshot.is_taken(self.folder, pointer.snapshot)
        )

    def _overdue(self, pointer: Pointer | None, most: float) -> bool:
        if not pointer or not pointer.trial:
            self._trial = None
            return False
        now = time.monotonic()
        if self._trial is None or self._trial[0] != pointer.generation:
            self._trial = (pointer.generation, now)
        return most > 0 and now - self._trial[1] > most

    def _attempts(self, pointer: Pointer | None) -> int:
        counted = read_json(self.folder / "attempts.json")
        if not pointer or not counted or counted.get("generation") != pointer.generation:
            return 0
        return int(counted["count"])

    def _count(self, generation: int, count: int) -> None:
        write_json(self.folder / "attempts.json", {"generation": generation, "count": count})

    def _launch(self) -> dict[str, Any]:
        return _DEFAULTS | (read_json(self.folder / "launch.json") or {})

    def _environment(self) -> dict[str, str]:
        launch = self._launch()
        kept = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(_NOT_INHERITED) or name.startswith(tuple(launch["keep"]))
        }
        if self._relay and self._relay.name:
            kept["NOTIFY_SOCKET"] = self._relay.name
        return kept | {str(k): str(v) for k, v in launch["env"].items()}

    def _source(self, slot: str) -> snapshot.Source:
        seconds = float(self._launch()["hook_seconds"])
        env = self._environment()
        return snapshot.Source(self.folder, slot, self._data(), env, seconds, self._stopping)

    def _data(self) -> Path:
        return Path(self._launch()["env"].get("CALLSTEAD_PROGRAM_DATA") or self.folder / "data")

    def _forget(self) -> None:
        (self.folder / "running.json").unlink(missing_ok=True)

    def _say(self, what: str) -> None:
        line = f"{stamp()} launcher: {what}\n"
        with contextlib.suppress(OSError):  # who read it may be gone: no reason to stop
            sys.stderr.write(line)
        with contextlib.suppress(OSError), self._log.open("a") as log:
            log.write(line)


def _start_line(generation: int, number: int | None, slot: str | None) -> str:
    attempt = f", attempt {number}" if number else ""
    return f"starting generation {generation}{attempt}: slot {str(slot)[:12]}"
