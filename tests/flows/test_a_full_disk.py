"""The site's disk is full: no report is answered, and the sender still has it."""

from __future__ import annotations

import http.client
import resource
import socket
import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.site import TestSite, crash, envelope, site_in
from tests.support.waiting import until


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    with site_in(tmp_path, monkeypatch) as made:
        yield made


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture
def served_at(site: TestSite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The communications server in a process of its own: the process, its port, syslog's port."""
    port, syslog_port = free_port(), free_port()
    monkeypatch.setenv("CALLSTEAD_COMM_PORT", str(port))
    monkeypatch.setenv("CALLSTEAD_COMM_INTAKE_SYSLOG_TCP_PORT", str(syslog_port))
    with (tmp_path / "comm.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "common", "comm", "serve"],
            stdout=log,  # a file too: as on a full disk, its log cannot be written either
            stderr=log,
        )
    try:
        yield process, port, syslog_port
    finally:
        process.terminate()
        process.wait(30)


def ask(port: int, method: str, path: str, body: bytes | None = None, key: str = "") -> int | None:
    """The answer's status, or None when the connection was closed without an answer."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    connection = http.client.HTTPSConnection("127.0.0.1", port, timeout=30, context=context)
    try:
        connection.request(method, path, body, {"X-Sentry-Auth": f"Sentry sentry_key={key}"})
        return connection.getresponse().status
    except (ConnectionError, ssl.SSLError):
        return None
    finally:
        connection.close()


def test_a_report_that_cannot_be_stored_is_not_answered_and_later_taken(
    site: TestSite, served_at: tuple[subprocess.Popen[bytes], int, int]
):
    process, port, _syslog = served_at
    until(lambda: ask(port, "GET", "/healthz") == 200, 60, "the communications server")
    number, key = site.dsn()
    path = f"/api/{number}/envelope/"
    assert ask(port, "POST", path, envelope(crash(1)), key) == 200
    _soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))  # every write to a file fails
    assert ask(port, "POST", path, envelope(crash(2)), key) is None
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    assert ask(port, "POST", path, envelope(crash(2)), key) == 200
    events = until(
        lambda: (
            {r["event_id"] for r in site.store.rows("SELECT event_id FROM reports")}
            >= {f"{n:032x}" for n in (1, 2)}
        ),
        30,
        "both reports digested",
    )
    assert events


def test_syslog_waits_for_a_full_disk_and_is_stored_when_there_is_room(
    site: TestSite, served_at: tuple[subprocess.Popen[bytes], int, int]
):
    process, port, syslog_port = served_at
    until(lambda: ask(port, "GET", "/healthz") == 200, 60, "the communications server")
    _soft, hard = resource.prlimit(process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (0, hard))
    with socket.create_connection(("127.0.0.1", syslog_port), timeout=10) as sender:
        sender.sendall(b"<11>1 - seat-9 dialer - - - no dial tone\n")
    # The disk is full for everyone; the line is held meanwhile.
    number, key = site.dsn()
    assert ask(port, "POST", f"/api/{number}/envelope/", envelope(crash(1)), key) is None
    resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    machine = until(
        lambda: site.store.value(
            "SELECT d.machine FROM reports r JOIN dsns d ON d.id = r.dsn WHERE d.program = 'dialer'"
        ),
        30,
        "the line as a report",
    )
    assert machine == "seat-9"
