"""Reports are understood in a process of their own.

Understanding is pure computation: in a thread it would hold up every other thread of the server,
the intake above all. The process touches no file; it can die or be killed at any moment, and a
report on which it dies twice, or takes too long, is set aside like any other poison. It runs at
a lower priority, so that reports are taken before they are understood, and ends with its parent.
"""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator

from comm_server import understanding_process
from comm_server.scrub import Phones
from comm_server.settings import IntakeSettings
from comm_server.understanding import Raw, Understood
from comm_server.understanding_process import READY, read, write
from common.errors import OperatorError
from common.logs import get_logger

log = get_logger(__name__)
_TRIES = 2


def _command() -> list[str]:
    if getattr(sys, "frozen", False):  # a packed program has no -m; packaging/products/start.py
        return [sys.executable, "understand"]
    return [sys.executable, "-m", understanding_process.__name__]


class Understander:
    """Owns the process; it is started when it is needed and when it is gone."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def all(
        self, chunks: Iterable[list[Raw]], settings: IntakeSettings, phones: Phones
    ) -> Iterator[list[Understood]]:
        """What each chunk holds, in order; the next is under way while one is looked at."""
        waiting = iter(chunks)
        chunk = next(waiting, None)
        if chunk is not None:
            self._send(chunk, settings, phones)
        while chunk is not None:
            done = self._receive(settings)
            if done is None:
                done = [self._alone(one, settings, phones) for one in chunk]
            following = next(waiting, None)
            if following is not None:
                self._send(following, settings, phones)
            yield done
            chunk = following

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):  # what it had not read is not missed
                    pipe.close()

    def _alone(self, raw: Raw, settings: IntakeSettings, phones: Phones) -> Understood:
        for _ in range(_TRIES):
            self._send([raw], settings, phones)
            if (done := self._receive(settings)) is not None:
                return done[0]
        return Understood(poison="the digest died of it, or took too long")

    def _send(self, chunk: list[Raw], settings: IntakeSettings, phones: Phones) -> None:
        """Hand it over; when the process has died, `_receive` will find out."""
        process = self._process or self._start()
        assert process.stdin  # noqa: S101 - it has one
        with contextlib.suppress(BrokenPipeError):
            write(process.stdin, (chunk, settings, phones))

    def _start(self) -> subprocess.Popen[bytes]:
        process = self._process = subprocess.Popen(
            _command(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert process.stdout  # noqa: S101 - it has one
        # The time of no report is spent on starting, and none is blamed for what is not its fault.
        if read(process.stdout) != READY:
            self.close()
            raise OperatorError(
                "The process that understands reports does not start; its own words stand in the "
                "log above. Reports wait until it does; look for missing files or memory."
            )
        return process

    def _receive(self, settings: IntakeSettings) -> list[Understood] | None:
        """What came of the last chunk sent; None: the process died, or took too long."""
        process = self._process
        assert process  # noqa: S101 - `_send` came before
        assert process.stdout  # noqa: S101
        watch = threading.Timer(settings.digest_seconds, process.kill)
        watch.start()
        try:
            done: list[Understood] | None = read(process.stdout)
        finally:
            watch.cancel()
        if done is None:
            self.close()
            log.warning("understander.died", status=process.returncode)
        return done
