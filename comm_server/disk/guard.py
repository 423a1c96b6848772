"""Looks at the disk, gives the ballast back in time, and says whether reports are taken.

Nobody here may need room: what says that the disk is full is told from memory, and written down
with the room that the ballast gave back.
"""

from __future__ import annotations

import errno
import shutil
import sqlite3
import threading
from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from comm_server import alarms
from comm_server.disk import ballast
from comm_server.disk.rules import Act, Limits, judge
from common.clock import Clock, parse_stamp, stamp
from common.logs import get_logger
from common.spool import Store

log = get_logger(__name__)
LOW, AGAIN = "disk_low", "disk_again"
_FULL = {errno.ENOSPC, errno.EDQUOT}


def is_full(error: BaseException) -> bool:
    """Whether an error says that the disk takes no more."""
    if isinstance(error, OSError):
        return error.errno in _FULL
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL


class DiskGuard:
    """One for the room. `start` before the first report, `look` each second.

    Args:
        folder: the data folder; the ballast lies in it.
        limits: in force now.
        clock: for the alarm.
        free: bytes free on the folder's disk.
    """

    def __init__(
        self,
        folder: Path,
        limits: Callable[[], Limits],
        clock: Clock,
        free: Callable[[Path], int] = lambda folder: shutil.disk_usage(folder).free,
    ) -> None:
        self._folder, self._limits, self._clock, self._free = folder, limits, clock, free
        self._path = folder / "ballast"
        self._lock = threading.Lock()
        self._refused = False
        self._since: datetime | None = None
        self._closed = 0
        self._to_tell: list[tuple[str, str, dict[str, Any]]] = []

    @property
    def taking(self) -> bool:
        """Whether reports are taken."""
        return self._since is None

    @property
    def trouble(self) -> str | None:
        """A sentence while reports are not taken."""
        since = self._since
        if since is None:
            return None
        return (
            f"The disk of {self._folder} is full since {stamp(since)}: reports are not taken and "
            f"stay with their senders. Free at least {self._limits().resume_free // 2**20} MiB."
        )

    def turned_away(self, number: int = 1) -> None:
        """A sender was sent away; it still has its report."""
        with self._lock:
            self._closed += number

    def failed(self, error: BaseException) -> None:
        """Told of errors of the database and the disk; may be called in any thread."""
        if is_full(error):
            self._refused = True
            if self.taking:
                self._stop(self._free(self._folder), str(error))

    def start(self, store: Store) -> None:
        """Take up where an earlier run ended, before anything is taken."""
        begun = alarms.last(store, LOW)
        ended = alarms.last(store, AGAIN)
        if begun and (ended is None or ended["id"] < begun["id"]):
            self._since = parse_stamp(begun["at"])
        self.look(store)

    def look(self, store: Store) -> None:
        """See how much room there is, act, and tell what was not told yet."""
        limits, free, held = self._limits(), self._free(self._folder), ballast.held(self._path)
        act = judge(limits, free, held, taking=self.taking, refused=self._refused)
        self._refused = False
        if act is Act.STOP:
            self._stop(free, f"{free} bytes are free")
        elif act in (Act.RESUME, Act.FILL) and self._take_ballast(limits.ballast):
            if act is Act.RESUME:
                self._resume()
        elif limits.ballast < held:
            self._take_ballast(limits.ballast)
        while self._to_tell:
            store.write(partial(_tell, alarm=self._to_tell[0]))
            self._to_tell.pop(0)

    def _take_ballast(self, size: int) -> bool:
        try:
            ballast.take(self._path, size)
        except OSError as error:
            log.warning("disk.no_ballast", bytes=size, reason=str(error))
            return False
        return True

    def _stop(self, free: int, reason: str) -> None:
        with self._lock:
            if self._since is not None:
                return
            self._since, self._closed = self._clock.now(), 0
        given = ballast.give_back(self._path)
        facts = {"free": free, "ballast": given}
        self._to_tell.append((LOW, stamp(self._since), facts))
        log.error("disk.low", folder=str(self._folder), reason=reason, **facts)

    def _resume(self) -> None:
        with self._lock:
            since, closed = self._since, self._closed
            self._since = None
        assert since is not None  # noqa: S101 - `judge` resumes only what was stopped
        now = self._clock.now()
        seconds = max(int((now - since).total_seconds()), 0)
        facts = {"seconds": seconds, "closed": closed}
        self._to_tell.append((AGAIN, stamp(now), facts))
        log.warning("disk.again", folder=str(self._folder), **facts)


def _tell(connection: sqlite3.Connection, alarm: tuple[str, str, dict[str, Any]]) -> None:
    alarms.keep(connection, *alarm)
