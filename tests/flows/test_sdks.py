"""Real senders against the listeners: Python's handler, logger(1), and bare sockets."""

from __future__ import annotations

import contextlib
import gzip
import json
import logging
import logging.handlers
import socket
import ssl
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from comm_server.digest import digest_some
from comm_server.intake.listen import Listeners
from common.errors import OperatorError
from common.serving.tls import server_context
from tests.support.site import TestSite, site_in
from tests.support.waiting import until

NAMES = ("syslog_udp_port", "syslog_tcp_port", "syslog_tls_port", "gelf_udp_port")


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TestSite]:
    with site_in(tmp_path, monkeypatch) as made:
        yield made


def listeners_of(site: TestSite, **settings: object) -> Listeners:
    probes = [socket.create_server(("127.0.0.1", 0)) for _ in NAMES]
    ports = [probe.getsockname()[1] for probe in probes]
    for probe in probes:
        probe.close()
    chosen = replace(site.intake, **dict(zip(NAMES, ports, strict=True)), **settings)
    identity = site.parts.authority.server_identity()
    return Listeners("127.0.0.1", chosen, site.store, site.clock, lambda: server_context(identity))


@pytest.fixture
def ports(site: TestSite) -> Iterator[dict[str, int]]:
    listeners = listeners_of(site)
    listeners.start()
    yield listeners.ports
    listeners.stop()


def reports(site: TestSite, number: int) -> list[tuple[str, str, str]]:
    """Program, machine and message of all reports, once there are ``number``."""

    def digested() -> bool:
        digest_some(site.store, site.intake)
        return site.store.value("SELECT count(*) FROM reports") >= number

    until(digested, 20, f"{number} reports", lambda: site.store.rows("SELECT kind, error FROM raw"))
    return [
        (row["program"], row["machine"], json.loads(row["event"])["message"])
        for row in site.store.rows(
            "SELECT d.program, d.machine, r.event FROM reports r JOIN dsns d ON d.id = r.dsn "
            "ORDER BY r.id"
        )
    ]


def tallied(site: TestSite) -> dict[str, int]:
    rows = site.store.rows("SELECT reason, count FROM tallies WHERE kind = 'ignored'")
    return {row["reason"]: row["count"] for row in rows}


@pytest.mark.parametrize("kind", [socket.SOCK_DGRAM, socket.SOCK_STREAM], ids=["UDP", "TCP"])
def test_pythons_sysloghandler_with_a_stack_trace(site: TestSite, ports: dict[str, int], kind: int):
    port = ports["syslog_udp_port" if kind == socket.SOCK_DGRAM else "syslog_tcp_port"]
    handler = logging.handlers.SysLogHandler(("127.0.0.1", port), socktype=kind)
    logger = logging.Logger("callstead-test")  # noqa: LOG001 - one that nothing else configures
    logger.addHandler(handler)
    logger.info("not kept")
    try:
        raise ValueError("bad number")
    except ValueError:
        logger.exception("call failed")
    handler.close()
    [(program, machine, text)] = reports(site, 1)
    assert (program, machine) == ("syslog", "127.0.0.1")
    assert text.startswith("call failed\nTraceback (most recent call last):")
    assert text.endswith("ValueError: bad number")


@pytest.mark.parametrize(
    "how",
    [["--udp"], ["--tcp"], ["--tcp", "--octet-count"], ["--udp", "--rfc3164"],
     ["--tcp", "--rfc3164"]],
    ids=" ".join,
)  # fmt: skip
def test_logger(site: TestSite, ports: dict[str, int], how: list[str]):
    port = ports["syslog_udp_port" if "--udp" in how else "syslog_tcp_port"]
    for priority in ("user.info", "user.err"):
        subprocess.run(
            ["logger", *how, "--server", "127.0.0.1", "--port", str(port), "--tag", "pbx",
             "--priority", priority, f"trunk lost {priority}"],
            check=True, timeout=20,
        )  # fmt: skip
    assert [(program, text) for program, _machine, text in reports(site, 1)] == [
        ("pbx", "trunk lost user.err")
    ]
    until(lambda: tallied(site) == {"syslog: info": 1}, 60, "the count", lambda: tallied(site))


def test_syslog_over_tls_and_what_had_come_when_the_server_stops(site: TestSite):
    listeners = listeners_of(site)
    listeners.start()
    context = ssl.create_default_context(cafile=str(site.parts.folder / "authority" / "ca.pem"))
    raw = socket.create_connection(("127.0.0.1", listeners.ports["syslog_tls_port"]), timeout=10)
    with context.wrap_socket(raw, server_hostname="localhost") as connection:
        connection.sendall(b"<11>1 - seat-3 dialer - - - one\n<11>1 - seat-3 dialer - - - two")
        until(lambda: site.store.value("SELECT count(*) FROM raw"), 10, "the first message")
        listeners.stop()
    assert [text for _p, _m, text in reports(site, 2)] == ["one", "two"]


def test_gelf_chunked_and_compressed(site: TestSite, ports: dict[str, int]):
    message = {"version": "1.1", "host": "seat-4", "short_message": "no dial tone", "level": 3}
    data = gzip.compress(json.dumps(message).encode())
    half = len(data) // 2
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number, part in enumerate((data[:half], data[half:])):
            datagram = b"\x1e\x0f12345678" + bytes([number, 2]) + part
            sender.sendto(datagram, ("127.0.0.1", ports["gelf_udp_port"]))
    assert reports(site, 1) == [("gelf", "127.0.0.1", "no dial tone")]


def test_too_many_sources_share_one_name(site: TestSite):
    listeners = listeners_of(site, most_sources=2)
    listeners.start()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        for number in range(4):
            line = f"<11>1 - forged-{number} app - - - x"
            sender.sendto(line.encode(), ("127.0.0.1", listeners.ports["syslog_udp_port"]))
    reports(site, 4)
    listeners.stop()
    machines = {row["machine"] for row in site.store.rows("SELECT machine FROM dsns")}
    assert machines == {"forged-0", "forged-1", "others"}


def test_more_connections_than_allowed_are_closed(site: TestSite):
    listeners = listeners_of(site, most_connections=1)
    listeners.start()
    at = ("127.0.0.1", listeners.ports["syslog_tcp_port"])
    with socket.create_connection(at, timeout=10) as first:
        first.sendall(b"<11>1 - a b - - - x\n")
        reports(site, 1)
        second = socket.create_connection(at, timeout=10)
        with second, contextlib.suppress(ConnectionResetError):
            assert second.recv(1) == b""
    listeners.stop()


def test_a_port_in_use_names_its_setting(site: TestSite, ports: dict[str, int]):
    other = Listeners(
        "127.0.0.1",
        replace(site.intake, syslog_tcp_port=ports["syslog_tcp_port"]),
        site.store,
        site.clock,
        ssl.create_default_context,
    )
    with pytest.raises(OperatorError, match=r"comm\.intake\.syslog_tcp_port"):
        other.start()


def test_nothing_listens_unless_asked(site: TestSite):
    listeners = Listeners(
        "127.0.0.1", site.intake, site.store, site.clock, ssl.create_default_context
    )
    before = threading.active_count()
    listeners.start()
    assert (listeners.ports, threading.active_count()) == ({}, before)
    listeners.stop()
