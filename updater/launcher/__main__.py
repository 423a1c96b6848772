"""``python -m updater.launcher FOLDER``.

SIGTERM or SIGINT stop the program, then the launcher; SIGHUP ends the launcher alone, and the
next one adopts the program. (The updater's own launcher passes SIGHUP on to the updater.)

Exit statuses: 0 stopped or left as asked; 2 the folder is in use or cannot be written.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

from updater.launcher.keeper import Launcher
from updater.platform import here

LOG_MOST_BYTES = 5_000_000


def main(arguments: list[str] | None = None) -> int:
    """Run until asked to stop or leave; answers the exit status."""
    parser = argparse.ArgumentParser(prog="python -m updater.launcher", description=__doc__)
    parser.add_argument("folder", type=Path, help="the program's folder")
    parser.add_argument("--log-bytes", type=int, default=LOG_MOST_BYTES, help="cap of program.log")
    given = parser.parse_args(arguments)
    folder = given.folder.absolute()
    asked: list[int] = []
    left: list[int] = []
    for number in here.STOP_SIGNALS:
        signal.signal(number, lambda n, _frame: asked.append(n))
    if here.LEAVE_SIGNAL is not None:
        signal.signal(here.LEAVE_SIGNAL, lambda n, _frame: left.append(n))
    try:
        (folder / "log").mkdir(parents=True, exist_ok=True)
        with (folder / "launcher.lock").open("ab") as lock:
            _take(lock, seconds=1)
            become = Launcher(folder, given.log_bytes, lambda: bool(asked)).run(left)
    except BlockingIOError:
        sys.stderr.write(f"Another launcher already looks after {folder}. Stop it first.\n")
        return 2
    except OSError as error:
        sys.stderr.write(f"The launcher cannot work in {folder}: {error}. Mend that folder.\n")
        return 2
    if become:
        os.execv(become[0], become)  # noqa: S606 - the same process, as its supervisor knows it
    return 0


def _take(lock: Any, seconds: float) -> None:
    """Take the folder's lock; a program just being started may share it for a moment."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return here.lock(lock, wait=False)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    sys.exit(main())
