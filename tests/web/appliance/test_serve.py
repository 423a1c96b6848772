"""The program as it is run: a process of its own, over its own port."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import requests

COMMAND = [sys.executable, "-c", "from common.cli import main; main()", "appliance"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Process:
    def __init__(self, home: Path, **environment: str) -> None:
        self.home = home
        self.port = free_port()
        self.environment = {
            **os.environ,
            "CALLSTEAD_HOME": str(home),
            "CALLSTEAD_APPLIANCE_PORT": str(self.port),
            "CALLSTEAD_APPLIANCE_HOST": "127.0.0.1",
            "SENTRY_DSN": "",
            **environment,
        }
        self.log = home.parent / "stderr"
        self.out = home.parent / "stdout"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log, self.out.open("wb") as out:
            self._process = subprocess.Popen(
                [*COMMAND, "run"], env=self.environment, stdout=out, stderr=log
            )

    @property
    def pid(self) -> int:
        """Of the one that runs."""
        return self._process.pid

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 150  # a busy machine is slow
        while time.monotonic() < deadline:
            assert self._process.poll() is None, self.log.read_text()
            try:
                if self.get("/healthz").status_code == 200:
                    return
            except (requests.ConnectionError, OSError):
                time.sleep(0.05)
        raise AssertionError(self.log.read_text())

    def get(self, path: str, **options) -> requests.Response:
        return requests.get(
            f"https://127.0.0.1:{self.port}{path}",
            verify=str(self.home / "appliance" / "tls" / "server.pem"),
            timeout=10,
            **options,
        )

    def end(self, number: int) -> int:
        self._process.send_signal(number)
        return self._process.wait(30)

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*COMMAND, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def close(self) -> None:
        if self._process and self._process.poll() is None:
            self._process.kill()
            self._process.wait(30)


def spoken(process: Process, most: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> str | None:
    """Which TLS the program agrees to with somebody who knows none above ``most``."""
    context = ssl.create_default_context(cafile=process.home / "appliance" / "tls" / "server.pem")
    context.maximum_version = most
    with (
        socket.create_connection(("127.0.0.1", process.port), 10) as raw,
        context.wrap_socket(raw, server_hostname="127.0.0.1") as wrapped,
    ):
        return wrapped.version()


@pytest.fixture
def process(tmp_path):
    made = Process(tmp_path / "home")
    made.home.mkdir()
    yield made
    made.close()


def test_a_fresh_start_says_where_the_first_sign_in_is_serves_and_stops_in_order(process):
    process.start()
    process.wait_until_ready()
    path = process.home / "appliance" / "first-sign-in"
    kept = re.fullmatch(r"name: admin\npassword: (\S+)\n", path.read_text())
    assert str(path) in process.out.read_text()
    assert path.stat().st_mode & 0o077 == 0
    assert kept[1] not in process.out.read_text() + process.log.read_text()
    assert process.get("/", allow_redirects=False).headers["location"] == "/sign-in?next=/"
    plain = f"http://127.0.0.1:{process.port}"
    assert requests.get(f"{plain}/healthz", timeout=10).json()["status"] == "ok"
    for path in ("/", "/metrics", "/api/v1/status"):
        assert requests.get(plain + path, timeout=10, allow_redirects=False).status_code == 308
    assert spoken(process) == "TLSv1.3"
    with pytest.raises(ssl.SSLError):
        spoken(process, ssl.TLSVersion.TLSv1_2)
    status = process.run("status", "--json")
    assert status.returncode == 0, status.stderr
    parts = {part["part"]: part["status"] for part in json.loads(status.stdout)["parts"]}
    assert parts["database"] == "works"
    assert parts["telephony"] == "off"
    assert process.end(signal.SIGTERM) == 0
    assert not list((process.home / "appliance").glob("local-token*"))


def test_killed_before_the_password_was_read_the_next_start_still_has_a_way_in(process):
    process.start()
    process.wait_until_ready()
    before = (process.home / "appliance" / "first-sign-in").read_text()
    process.end(signal.SIGKILL)
    process.start()
    process.wait_until_ready()
    assert (process.home / "appliance" / "first-sign-in").read_text() == before
    assert "first-sign-in" in process.out.read_text()


def test_a_port_in_use_gives_one_sentence_naming_the_key_and_exit_2(process):
    with socket.create_server(("127.0.0.1", process.port)):
        result = process.run("run")
    assert result.returncode == 2
    sentence = result.stderr.splitlines()[-1]
    assert str(process.port) in sentence
    assert "appliance.port" in sentence
    assert "Traceback" not in result.stderr


def test_a_hang_up_reads_the_settings_again_and_keeps_the_old_when_they_are_broken(process):
    process.start()
    process.wait_until_ready()
    file = process.home / "callstead.toml"
    assert process.get("/metrics").status_code == 200

    def hang_up_and_wait(event: str) -> None:
        process._process.send_signal(signal.SIGHUP)
        deadline = time.monotonic() + 30
        while event not in process.log.read_text():
            assert time.monotonic() < deadline, process.log.read_text()
            time.sleep(0.05)

    file.write_text("[appliance]\nbroken = true\n")
    hang_up_and_wait("serving.reload_refused")
    assert process.get("/metrics").status_code == 200
    file.write_text('[appliance.metrics]\nnetworks = ["10.0.0.0/8"]\n')
    hang_up_and_wait("serving.reloaded")
    assert process.get("/metrics").status_code == 403
