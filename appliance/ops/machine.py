"""This process and its disk, as the operating system sees them."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import psutil

from appliance.domain.running import Machine
from common import __version__
from common.clock import Clock


class MachineFacts:
    """Asked for the facts of now; remembers when the process started to serve."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self._folder = folder
        self._clock = clock
        self._started: datetime = clock.now()
        self._process = psutil.Process()

    def __call__(self) -> Machine:
        """The facts."""
        disk = shutil.disk_usage(self._folder)
        with self._process.oneshot():
            return Machine(
                version=__version__,
                started_at=self._started,
                now=self._clock.now(),
                memory=self._process.memory_info().rss,
                threads=self._process.num_threads(),
                disk_free=disk.free,
                disk_total=disk.total,
                folder=str(self._folder),
            )
