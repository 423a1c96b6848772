"""The launcher: keeps one program running, and falls back when a new release cannot start.

``python -m updater.launcher FOLDER``. It outlives updates of everything else, so it knows the
standard library alone and meets the updater only in files of FOLDER (one program's folder):

=================  =========  ==================================================================
``current.json``   both       which slot is to run; a new ``generation`` means: start (again).
                              Read, compare and replace it while holding `pointer_lock`.
``launch.json``    updater    ``env``, ``stop_seconds``, ``max_attempts``
``attempts.json``  launcher   starts of a generation on trial, counted *before* each start
``running.json``   launcher   the running program; written by the program's own process before
                              its first instruction, so that no orphan is ever unknown
``outcome.json``   launcher   why a generation on trial was given up
``log/``           launcher   ``program.log`` (stdout and stderr) and one older part
=================  =========  ==================================================================

The program is in a session of its own and writes its log itself: when the launcher is killed, it
lives on, and the next launcher adopts it by its pid and the kernel's start time of that pid.

Exit statuses: 0 stopped by SIGTERM or SIGINT; 2 the folder is in use or cannot be written.
"""

from __future__ import annotations

import argparse
import contextlib
import enum
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

POLL_SECONDS = 0.2
TAIL_LINES = 40
LOG_MOST_BYTES = 5_000_000
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

# --- rules, without any I/O -----------------------------------------------------------------


@dataclass(frozen=True)
class Pointer:
    """What is in ``current.json``."""

    generation: int
    slot: str | None
    previous: str | None
    trial: bool


class Action(enum.Enum):
    """What the launcher does next."""

    WAIT = "wait"
    START = "start"
    STOP = "stop"
    FALL_BACK = "fall back"
    LEAVE = "leave"


@dataclass(frozen=True)
class State:
    """All that `decide` looks at."""

    pointer: Pointer | None = None  # None: the updater has not yet said what to run
    running: int | None = None  # the generation of the running program, if one runs
    attempts: int = 0  # starts counted for the pointer's generation
    max_attempts: int = 3  # a trial is given up when so many starts were used
    pausing: bool = False  # the pause after the last end is not over
    stopping: bool = False  # the launcher was asked to leave


def decide(state: State) -> Action:
    """The rules, in order."""
    runs, pointer = state.running is not None, state.pointer
    if state.stopping:
        return Action.STOP if runs else Action.LEAVE
    if pointer is None:
        return Action.WAIT
    if runs:
        return Action.WAIT if state.running == pointer.generation else Action.STOP
    if pointer.slot is None:
        return Action.WAIT
    if pointer.trial and state.attempts >= state.max_attempts:
        return Action.FALL_BACK
    return Action.WAIT if state.pausing else Action.START


def after_fall_back(pointer: Pointer) -> Pointer:
    """The pointer that follows a trial that was given up."""
    return Pointer(pointer.generation + 1, pointer.previous, None, trial=False)


def pause_seconds(failures: int) -> float:
    """Seconds to wait after so many ends in a row: 0.5, 1, 2, ... 30."""
    return min(30.0, 0.5 * 2.0 ** min(failures - 1, 10))


def describe_end(status: int | None, seconds: float) -> str:
    """How a program ended, in words; ``status`` as of subprocess, None when not known."""
    if status is None:
        return f"ended after {seconds:.1f} s"
    if status < 0:
        with contextlib.suppress(ValueError):
            return f"was ended by {signal.Signals(-status).name} after {seconds:.1f} s"
        return f"was ended by signal {-status} after {seconds:.1f} s"
    return f"ended with exit status {status} after {seconds:.1f} s"


# --- files ----------------------------------------------------------------------------------


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in ``path``; None when there is none or it is broken."""
    try:
        value = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return None
    return value if isinstance(value, dict) else None


def write_json(path: Path, value: dict[str, Any], *, durable: bool = True) -> None:
    """Replace ``path`` as a whole: temp file, fsync, rename, fsync of the folder."""
    part = path.with_name(f".{path.name}.launcher.part")
    with part.open("wb") as file:
        file.write(json.dumps(value, ensure_ascii=False).encode() + b"\n")
        file.flush()
        if durable:
            os.fsync(file.fileno())
    part.replace(path)
    if durable:
        _fsync_folder(path.parent)


def read_pointer(folder: Path) -> Pointer | None:
    """What ``current.json`` says; None when there is none or it is broken."""
    value = read_json(folder / "current.json") or {}
    try:
        trial = value["trial"] is True
        return Pointer(int(value["generation"]), value["slot"], value["previous"], trial)
    except (KeyError, TypeError, ValueError):
        return None


@contextlib.contextmanager
def pointer_lock(folder: Path) -> Iterator[None]:
    """Held by whoever replaces ``current.json``, so that commit and fall-back never cross."""
    with (folder / "current.lock").open("ab") as file:
        _flock(file, wait=True)
        yield


def cap_log(log: Path, most: int) -> None:
    """Move ``log`` to one older part when it is longer than ``most`` bytes.

    The program keeps the file open for appending, hence copy and cut instead of a rename.
    """
    if log.exists() and log.stat().st_size > most:
        shutil.copyfile(log, log.with_name(log.name + ".1"))
        os.truncate(log, 0)


def tail(log: Path, first_line: str) -> list[str]:
    """The last `TAIL_LINES` lines of ``log``, none from before the last ``first_line``."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - 64_000))
            lines = file.read().decode(errors="replace").splitlines()
    except OSError:
        return []
    for index in range(len(lines) - 1, -1, -1):
        if first_line in lines[index]:
            lines = lines[index:]
            break
    return lines[-TAIL_LINES:]


# --- what only this kind of system has ------------------------------------------------------


def _flock(file: Any, *, wait: bool) -> None:
    import fcntl  # noqa: PLC0415 - not on Windows, where this function needs another body

    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def _fsync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def kernel_start(pid: int) -> int | None:
    """When the kernel started ``pid``, in ticks since boot; None when it does not run."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat[stat.rindex(")") + 2 :].split()  # the name before may hold blanks and brackets
    return None if fields[0] in {"Z", "X"} else int(fields[19])


def boot_id() -> str:
    """Names this boot; ticks since another one mean nothing."""
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _signal_group(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)


# --- the program ----------------------------------------------------------------------------


class Program:
    """A running program: started here, or found running and adopted."""

    def __init__(self, record: dict[str, Any], child: subprocess.Popen[bytes] | None) -> None:
        self.generation: int = record["generation"]
        self.slot: str = record["slot"]
        self.pid: int = record["pid"]
        self._started: int = record["started"]
        self._since = datetime.fromisoformat(record["since"])
        self._child = child
        self._ended: str | None = None

    @classmethod
    def start(cls, folder: Path, pointer: Pointer, env: dict[str, str]) -> Program:
        """Start the pointer's slot. Raises OSError, ValueError or SubprocessError."""
        slot = folder / "slots" / str(pointer.slot)
        manifest = read_json(slot.with_name(f"{pointer.slot}.json"))
        if not manifest or not manifest.get("start"):
            raise ValueError(f"the slot {pointer.slot} has no manifest that says how to start it")
        if "product" in manifest and "version" in manifest:
            # From the slot, not from launch.json: whoever is brought back says who it is.
            env = env | {"CALLSTEAD_RELEASE": f"{manifest['product']}@{manifest['version']}"}
        data = env.get("CALLSTEAD_PROGRAM_DATA", "")
        running = folder / "running.json"

        def announce() -> None:
            # In the new process, before the program: the launcher's lock is still shared here,
            # so no other launcher can look between the fork and this record.
            record: dict[str, Any] = {"generation": pointer.generation, "slot": pointer.slot}
            record |= {"pid": os.getpid(), "started": kernel_start(os.getpid())}
            record |= {"boot": boot_id(), "since": _stamp()}
            write_json(running, record, durable=False)  # after a power cut nothing runs anyway

        with (folder / "log" / "program.log").open("ab") as log:
            child = subprocess.Popen(
                [str(slot / manifest["start"][0]), *manifest["start"][1:]],
                cwd=data if data and Path(data).is_dir() else slot,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=announce,  # noqa: PLW1509 - this process has one thread
            )
        record = read_json(running)
        if record is None:
            raise OSError(f"{running} vanished")
        return cls(record, child)

    @classmethod
    def find(cls, folder: Path) -> Program | None:
        """The program that an earlier launcher left running."""
        record = read_json(folder / "running.json")
        if not record or record.get("boot") != boot_id():
            return None
        return cls(record, None) if kernel_start(record["pid"]) == record["started"] else None

    def ended(self) -> str | None:
        """None while it runs, then how it ended. Takes the helpers it left behind with it."""
        if self._ended is None:
            if self._child:
                runs = self._child.poll() is None
            else:
                runs = kernel_start(self.pid) == self._started
            if not runs:
                _signal_group(self.pid, signal.SIGKILL)
                status = self._child.returncode if self._child else None
                self._ended = describe_end(status, self.seconds())
        return self._ended

    def seconds(self) -> float:
        """How long ago it was started."""
        return max(0.0, (datetime.now(UTC) - self._since).total_seconds())

    def stop(self, seconds: float) -> str:
        """SIGTERM, after ``seconds`` SIGKILL; answers how it ended."""
        _signal_group(self.pid, signal.SIGTERM)
        deadline = time.monotonic() + seconds
        while (how := self.ended()) is None:
            if time.monotonic() >= deadline:
                _signal_group(self.pid, signal.SIGKILL)
            time.sleep(0.02)
        return how


class Launcher:
    """Reads the pointer, decides, acts; one per folder."""

    def __init__(self, folder: Path, log_most: int, stopping: Callable[[], bool]) -> None:
        self.folder = folder
        self._stopping = stopping
        self._log = folder / "log" / "program.log"
        self._log_most = log_most
        self._failures = 0
        self._pause_until = 0.0
        self._program = Program.find(folder)
        if self._program:
            self._say(f"adopted generation {self._program.generation}, pid {self._program.pid}")
        else:
            self._forget()

    def run(self) -> None:
        """Until asked to leave, and the program has ended."""
        while True:
            try:
                if self.step() is Action.LEAVE:
                    return
            except OSError as error:
                # A full disk must not end the watch; what was not counted was not started.
                self._say(f"cannot work in {self.folder}: {error}")
            time.sleep(POLL_SECONDS)

    def step(self) -> Action:
        """Look once and act once."""
        self._look_after()
        pointer = read_pointer(self.folder)
        action = decide(
            State(
                pointer=pointer,
                running=self._program.generation if self._program else None,
                attempts=self._attempts(pointer),
                max_attempts=int(self._launch()["max_attempts"]),
                pausing=time.monotonic() < self._pause_until,
                stopping=self._stopping(),
            )
        )
        if action is Action.STOP:
            self._stop(pointer)
        elif pointer and action is Action.START:
            self._start(pointer)
        elif pointer and action is Action.FALL_BACK:
            self._fall_back(pointer)
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

    def _fall_back(self, pointer: Pointer) -> None:
        with pointer_lock(self.folder):
            if read_pointer(self.folder) != pointer:
                return  # the updater was faster
            counted = read_json(self.folder / "attempts.json") or {}
            reason = counted.get("ended", "ended while no launcher was watching")
            log_tail = tail(self._log, _start_line(pointer.generation, 1, pointer.slot))
            outcome = {"generation": pointer.generation, "slot": pointer.slot, "reason": reason}
            outcome |= {"at": _stamp(), "log_tail": log_tail}
            write_json(self.folder / "outcome.json", outcome)
            write_json(self.folder / "current.json", vars(after_fall_back(pointer)))
        self._say(f"gave up generation {pointer.generation}: its last start {reason}")
        self._failures, self._pause_until = 0, 0.0

    def _attempts(self, pointer: Pointer | None) -> int:
        counted = read_json(self.folder / "attempts.json")
        if not pointer or not counted or counted.get("generation") != pointer.generation:
            return 0
        return int(counted["count"])

    def _count(self, generation: int, count: int) -> None:
        write_json(self.folder / "attempts.json", {"generation": generation, "count": count})

    def _launch(self) -> dict[str, Any]:
        written = read_json(self.folder / "launch.json") or {}
        return {"env": {}, "stop_seconds": 10, "max_attempts": 3} | written

    def _environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
        return kept | {str(k): str(v) for k, v in self._launch()["env"].items()}

    def _forget(self) -> None:
        (self.folder / "running.json").unlink(missing_ok=True)

    def _say(self, what: str) -> None:
        line = f"{_stamp()} launcher: {what}\n"
        with contextlib.suppress(OSError):  # who read it may be gone: no reason to stop
            sys.stderr.write(line)
        with contextlib.suppress(OSError), self._log.open("a") as log:
            log.write(line)


def _start_line(generation: int, number: int | None, slot: str | None) -> str:
    attempt = f", attempt {number}" if number else ""
    return f"starting generation {generation}{attempt}: slot {str(slot)[:12]}"


def _stamp() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _take(lock: Any, seconds: float) -> None:
    """Take the folder's lock; a program just being started may share it for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return _flock(lock, wait=False)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)


def main(arguments: list[str] | None = None) -> int:
    """Run until SIGTERM or SIGINT; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m updater.launcher", description=__doc__)
    parser.add_argument("folder", type=Path, help="the program's folder")
    parser.add_argument("--log-bytes", type=int, default=LOG_MOST_BYTES, help="cap of program.log")
    given = parser.parse_args(arguments)
    folder = given.folder.absolute()
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda n, _frame: asked.append(n))
    try:
        (folder / "log").mkdir(parents=True, exist_ok=True)
        with (folder / "launcher.lock").open("ab") as lock:
            _take(lock, seconds=1)
            Launcher(folder, given.log_bytes, lambda: bool(asked)).run()
    except BlockingIOError:
        sys.stderr.write(f"Another launcher already looks after {folder}. Stop it first.\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The launcher cannot work in {folder}: {error}. Mend that folder.\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
