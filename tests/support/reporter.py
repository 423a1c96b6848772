"""A program that reports through the real SDK and our spooling transport, again and again."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

from tests.support.onebox import ROOT
from tests.support.two_ends import TwoEnds
from tests.support.waiting import until

_PROGRAM = """
import signal, sys, threading
from pathlib import Path
import sentry_sdk
from common import reporting

transport = reporting.set_up(spool=Path(sys.argv[1]), dsn=sys.argv[2], release="drill@1.0")
leave = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: leave.set())
number = 0
while not leave.is_set():
    number += 1
    with sentry_sdk.new_scope() as scope:
        scope.fingerprint = [f"reporter-{number % 20}"]
        # It is on the disk when this returns: from here on it must arrive.
        print(sentry_sdk.capture_exception(ValueError(f"number {number}")), flush=True)
    leave.wait(float(sys.argv[3]))
while transport.reports.waiting():
    sentry_sdk.flush(1)
    threading.Event().wait(0.2)
"""


class Reporter:
    """The program, running; `stop` ends it once it has sent what it captured."""

    def __init__(self, ends: TwoEnds, folder: Path, pause: float = 0.2) -> None:
        folder.mkdir()
        number, key = ends.dsn("reporter")
        self._out = folder / "captured"
        with self._out.open("wb") as out, (folder / "errors").open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    sys.executable, "-c", _PROGRAM, str(folder / "spool"),
                    f"http://{key}@127.0.0.1:{ends.ports['COMM_PORT']}/{number}", str(pause),
                ],
                cwd=ROOT, env=ends.env, stdout=out, stderr=errors,
            )  # fmt: skip

    def captured(self) -> set[str]:
        """Ids of what it has captured so far."""
        return set(self._out.read_text("ascii").split())

    def stop(self, seconds: float = 900) -> set[str]:
        """SIGTERM; ids of all that it captured."""
        until(self.captured, 60, "the program's first report")
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(seconds)
        finally:
            self._process.kill()
            self._process.wait(30)
        return self.captured()
