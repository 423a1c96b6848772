"""The communications server in an updater's care, as a process: on trial, opened, drained."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import requests

from comm_server.dsns import ensure_dsn
from comm_server.schema import migrations
from comm_server.site import install_kit
from common.clock import SystemClock
from common.spool import Store
from tests.support.onebox import ROOT, free_ports
from tests.support.site import VendorKeys, crash, envelope, kit_of
from tests.support.waiting import until

TOKEN = {"Authorization": "Bearer the token"}
LINE = b"<11>1 - seat-9 dialer - - - no dial tone\n"


class Process:
    """The program on trial, with what its updater gives it."""

    def __init__(self, folder: Path) -> None:
        self.port, self.syslog = free_ports(2)
        self.data, self.pointer = folder / "data", folder / "current.json"
        kit = folder / "kit.json"
        kit.write_text(json.dumps(kit_of(VendorKeys(), folder, "North")), encoding="utf-8")
        install_kit(self.data, kit)
        self.point(trial=True)
        own = {
            "CALLSTEAD_HOME": str(folder / "elsewhere"),
            "CALLSTEAD_PROGRAM": "comm",
            "CALLSTEAD_PROGRAM_PORT": str(self.port),
            "CALLSTEAD_PROGRAM_DATA": str(self.data),
            "CALLSTEAD_PROGRAM_TOKEN": "the token",
            "CALLSTEAD_CLOSED_DOORS": f"4:{self.pointer}",
            "CALLSTEAD_COMM_INTAKE_ALLOW_PLAIN_HTTP": "true",
            "CALLSTEAD_COMM_INTAKE_SYSLOG_TCP_PORT": str(self.syslog),
            "CALLSTEAD_COMM_DISK_BALLAST": "1048576",
        }
        self.log = folder / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "common", "comm", "serve"],
                cwd=ROOT, env=os.environ | own, stdout=log, stderr=log,
            )  # fmt: skip

    def point(self, *, trial: bool) -> None:
        self.pointer.write_text(json.dumps({"generation": 4, "trial": trial}))

    def ask(self, method: str, path: str, **options) -> requests.Response:
        address = f"http://127.0.0.1:{self.port}{path}"
        return requests.request(method, address, timeout=30, allow_redirects=False, **options)

    def well(self) -> bool:
        assert self.process.poll() is None, self.log.read_text()
        try:
            return self.ask("GET", "/healthz").status_code == 200
        except requests.ConnectionError:
            return False

    def listens(self) -> bool:
        try:
            socket.create_connection(("127.0.0.1", self.syslog), timeout=5).close()
        except OSError:
            return False
        return True


@pytest.fixture
def program(tmp_path):
    made = Process(tmp_path)
    until(made.well, 60, "the program on trial")
    yield made
    made.process.terminate()
    assert made.process.wait(60) == 0


def test_on_trial_nothing_is_taken_begun_or_told_until_the_commit_and_then_everything(program):
    store = Store(program.data / "comm.db", migrations())
    try:
        number, key = ensure_dsn(store, "dialer", "seat-1", SystemClock())
        count = "SELECT count(*) FROM raw WHERE dsn = ?"
        report = {
            "data": envelope(crash(1)),
            "headers": {"X-Sentry-Auth": f"Sentry sentry_key={key}"},
        }
        place = f"/api/{number}/envelope/"
        with pytest.raises(requests.ConnectionError):  # so that its sender keeps it
            program.ask("POST", place, **report)
        page = program.ask("GET", "/", headers={"Accept": "text/html"})
        assert (page.status_code, page.headers["Retry-After"]) == (503, "2")
        assert "One moment" in page.text
        assert not program.listens()
        assert store.value(count, (number,)) == 0

        program.point(trial=False)
        until(program.listens, 60, "the ports for syslog")
        assert program.ask("POST", place, **report).status_code == 200
        digested = "SELECT count(*) FROM raw WHERE dsn = ? AND state = 'digested'"
        until(lambda: store.value(digested, (number,)), 60, "the digest")

        free = {"may_restart": True, "reason": ""}
        assert program.ask("GET", "/may-restart", headers=TOKEN).json() == free
        drain = {"drain": True, "seconds": 60}
        told = program.ask("POST", "/drain", json=drain, headers=TOKEN)
        assert told.json() == {"draining": True}
        assert program.ask("POST", place, **report).status_code == 200, "reports are always taken"
        assert program.ask("POST", "/drain", json=drain).status_code == 403
    finally:
        store.close()
