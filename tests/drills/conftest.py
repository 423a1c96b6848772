"""One running site for all drills of a folder: they break it, and it must mend itself."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
from collections.abc import Callable
from typing import Any

import pytest
import requests

from tests.support.onebox import OneBox
from tests.support.waiting import until

PORTS = {"comm": "COMM_PORT", "home": "HOME_PORT", "appliance": "APPLIANCE_PORT"}


class Site(OneBox):
    """A one-machine site with a hand for breaking it at the right moment."""

    def ask(self, database: str, sql: str, *values: object) -> list[tuple[Any, ...]]:
        """Read a room's database from outside; nothing yet counts as no rows."""
        path = self.home / database
        if not path.exists():
            return []
        try:
            with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as db:
                return db.execute(sql, values).fetchall()
        except sqlite3.OperationalError:
            return []

    def kill_when(self, victim: str, moment: Callable[[], object], seconds: float = 60) -> int:
        """SIGKILL ``victim`` as soon as ``moment`` has come; the pid that was killed."""
        pid = self.pids()[victim]
        until(moment, seconds, f"the moment to kill {victim}", self.told, every=0.002)
        os.kill(pid, signal.SIGKILL)
        return pid

    def back(self, victim: str, killed: int) -> None:
        """Wait until `callstead run` has started ``victim`` again, and it answers."""
        until(lambda: self.pids().get(victim, killed) != killed, 60, f"{victim} again", self.told)
        if victim in PORTS:
            until(lambda: self.healthy(PORTS[victim]), 60, f"{victim}'s health", self.told)

    def told(self) -> str:
        """What helps to understand a failed drill."""
        rooms = ("comm", "home", "updater")
        tails = "\n".join(f"--- {r}\n" + "\n".join(self.log(r).splitlines()[-15:]) for r in rooms)
        return f"{self.printed()[-2000:]}\n{tails}"

    def healthy(self, port: str) -> bool:
        """Whether a program's health address answers 200."""
        try:
            url = f"http://127.0.0.1:{self.ports[port]}/healthz"
            return requests.get(url, timeout=2).status_code == 200
        except requests.RequestException:
            return False


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Any:
    made = Site(tmp_path_factory.mktemp("drill") / "var")
    made.start()
    yield made
    made.stop()
