"""Windows.

Written against its documented calls and proved on Linux with a pretended `Calls`; it was never
run on Windows itself (docs/applying.md says what that leaves open).
"""

from __future__ import annotations

import ctypes
import os
import signal
import stat
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any, Protocol

STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGTERM", "SIGINT", "SIGBREAK") if hasattr(signal, name)
)
DUMMY = ("run.cmd", b"@ping -n 600 127.0.0.1 >nul\r\n")
LEAVE_SIGNAL = None  # no signal reaches a process without a console; the launcher is left to live

_NEW_PROCESS_GROUP = 0x0000_0200
_NO_WINDOW = 0x0800_0000
_QUERY_LIMITED = 0x1000
_STILL_ACTIVE = 259
_LOCK_RETRY_SECONDS = 0.05


class Calls(Protocol):
    """The calls of the system, so that tests can pretend them."""

    def lock_byte(self, descriptor: int) -> None:
        """``msvcrt.locking`` of one byte. Raises OSError when another holds it."""
        ...

    def process_times(self, pid: int) -> tuple[int, int] | None:
        """(creation as FILETIME, exit code) of ``pid``; None when there is no such process."""
        ...

    def send_break(self, pid: int) -> None:
        """CTRL_BREAK to the process group of ``pid``. Raises OSError."""
        ...

    def kill_tree(self, pid: int) -> None:
        """End ``pid`` and its children."""
        ...


class _System:
    """The real ones."""

    def lock_byte(self, descriptor: int) -> None:
        import msvcrt  # noqa: PLC0415 - only on Windows

        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined]

    def process_times(self, pid: int) -> tuple[int, int] | None:
        kernel = ctypes.windll.kernel32  # type: ignore[attr-defined]
        kernel.OpenProcess.restype = ctypes.c_void_p
        handle = kernel.OpenProcess(_QUERY_LIMITED, False, pid)
        if not handle:
            return None
        try:
            created, other, code = ctypes.c_uint64(), ctypes.c_uint64(), ctypes.c_uint32()
            pointers = [ctypes.byref(one) for one in (created, other, other, other)]
            if not kernel.GetProcessTimes(ctypes.c_void_p(handle), *pointers):
                return None
            if not kernel.GetExitCodeProcess(ctypes.c_void_p(handle), ctypes.byref(code)):
                return None
            return created.value, code.value
        finally:
            kernel.CloseHandle(ctypes.c_void_p(handle))

    def send_break(self, pid: int) -> None:
        os.kill(pid, signal.CTRL_BREAK_EVENT)  # type: ignore[attr-defined]

    def kill_tree(self, pid: int) -> None:
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], check=False, timeout=30)


calls: Calls = _System()


def lock(file: IO[Any], *, wait: bool) -> None:
    """Take the lock of ``file``. Raises BlockingIOError when another holds it and not ``wait``."""
    while True:
        file.seek(0)  # the lock is of a byte at the place where the file stands
        try:
            calls.lock_byte(file.fileno())
        except OSError as error:
            if not wait:
                raise BlockingIOError("the file is locked by another process") from error
            time.sleep(_LOCK_RETRY_SECONDS)
        else:
            return


def fsync_folder(_folder: Path) -> None:
    """Nothing: a folder cannot be opened for that, and NTFS journals renames itself."""


def kernel_start(pid: int) -> int | None:
    """When ``pid`` was created, as FILETIME; None when it does not run."""
    found = calls.process_times(pid)
    return found[0] if found and found[1] == _STILL_ACTIVE else None


def boot_id() -> str:
    """The same for every boot: FILETIME counts from 1601, so times of two boots never meet."""
    return "windows"


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    env: dict[str, str],
    log: IO[bytes],
    announce: Callable[[int], None],
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a process group of its own; ``announce`` gets its pid after that.

    A launcher that is killed in between leaves a program that the next one does not know; its
    port is then taken, the next start fails, and a person must end it.
    """
    child = subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        creationflags=_NEW_PROCESS_GROUP | _NO_WINDOW,
    )
    announce(child.pid)
    return child


def ask_to_end(pid: int) -> None:
    """CTRL_BREAK, which a program may handle as others handle SIGTERM; else the hard way."""
    try:
        calls.send_break(pid)
    except OSError:  # no console: nothing polite reaches it
        calls.kill_tree(pid)


def ask_to_reload(_pid: int) -> None:
    """Nothing: there is no such signal; settings are read again at the next start."""


def end_now(pid: int) -> None:
    """End the process and what it started."""
    calls.kill_tree(pid)


def same_mode(_found: int, _wanted: int) -> bool:
    """Always: Windows keeps no more than "read-only", and all names of a file share that."""
    return True


def loosen(folder: Path, files: Sequence[str]) -> None:
    """Nothing that is read-only is removed there."""
    for name in files:
        (folder / name).chmod(stat.S_IWRITE)
