"""Linux, with systemd or without."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import subprocess
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, Any

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
LEAVE_SIGNAL = signal.SIGHUP
# A whole program that does nothing, for the updater's rehearsal: file name and bytes.
DUMMY = ("run", b"#!/bin/sh\nexec sleep 600\n")


def lock(file: IO[Any], *, wait: bool) -> None:
    """Take the lock of ``file``. Raises BlockingIOError when another holds it and not ``wait``."""
    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))


def fsync_folder(folder: Path) -> None:
    """Make renames and creations in ``folder`` durable."""
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


def start(
    command: Sequence[str],
    *,
    cwd: Path,
    env: dict[str, str],
    log: IO[bytes],
    announce: Callable[[int], None],
) -> subprocess.Popen[bytes]:
    """Start ``command`` in a session of its own.

    ``announce`` gets the pid in the new process, before the program: the launcher's lock is
    still shared there, so no other launcher can look between the fork and the record.
    """
    return subprocess.Popen(
        command,
        cwd=cwd,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=log,
        stderr=log,
        start_new_session=True,
        preexec_fn=lambda: announce(os.getpid()),  # noqa: PLW1509 - the launcher has one thread
    )


def ask_to_end(pid: int) -> None:
    """SIGTERM to the group of ``pid``."""
    _signal(pid, signal.SIGTERM)


def ask_to_reload(pid: int) -> None:
    """SIGHUP to ``pid`` alone."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.kill(pid, signal.SIGHUP)


def end_now(pid: int) -> None:
    """SIGKILL to the group of ``pid``."""
    _signal(pid, signal.SIGKILL)


def same_mode(found: int, wanted: int) -> bool:
    """Whether a file has the permissions that it was given."""
    return found == wanted


def loosen(folder: Path, _files: Sequence[str]) -> None:
    """The folder's permissions are what counts, not its files'."""
    folder.chmod(0o700)


def _signal(pid: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, number)
