"""While the disk is full nothing is taken, and whoever can keep a report keeps it."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Iterator
from dataclasses import replace

import pytest
import requests

from comm_server.intake.listen import Listeners
from common.serving.tls import server_context
from tests.support.onebox import free_ports
from tests.support.serving import served
from tests.support.site import TestSite, crash, envelope
from tests.support.waiting import until

LINE = b"<11>1 - seat-9 dialer - - - no dial tone\n"


@pytest.fixture
def base(site: TestSite) -> Iterator[str]:
    with served(site.app(), direct=site.door()) as server:
        yield f"http://127.0.0.1:{server.port}"


def full(site: TestSite) -> None:
    """The disk guard has heard of it, and room comes back with the next look but one."""
    site.parts.disk.failed(OSError(errno.ENOSPC, "No space left on device"))


def room(site: TestSite) -> None:
    site.parts.disk.look(site.store)
    site.parts.disk.look(site.store)
    assert site.parts.disk.taking


def test_an_sdk_gets_no_answer_and_its_report_is_taken_when_there_is_room(
    site: TestSite, base: str, monkeypatch: pytest.MonkeyPatch
):
    number, key = site.dsn()
    request = {
        "url": f"{base}/api/{number}/envelope/",
        "data": envelope(crash(1)),
        "headers": {"X-Sentry-Auth": f"Sentry sentry_key={key}"},
        "timeout": 60,
    }
    full(site)
    with pytest.raises(requests.ConnectionError):
        requests.post(**request)
    assert site.store.value("SELECT count(*) FROM raw") == 0
    room(site)
    assert requests.post(**request).status_code == 200
    told = site.store.value("SELECT facts FROM alarms WHERE kind = 'disk_again'")
    assert '"closed": 1' in told


def test_a_collector_that_tries_again_after_a_503_gets_one(site: TestSite, base: str):
    full(site)
    answer = requests.post(
        f"{base}/v1/logs", data=b"{}", headers={"Content-Type": "application/json"}, timeout=60
    )
    assert answer.status_code == 503


@pytest.fixture
def ports(site: TestSite) -> Iterator[tuple[int, int]]:
    tcp, udp = free_ports(2)
    chosen = replace(site.intake, syslog_tcp_port=tcp, syslog_udp_port=udp)
    identity = site.parts.authority.server_identity()
    listeners = Listeners(
        "127.0.0.1", chosen, site.store, site.clock, lambda: server_context(identity),
        site.parts.disk,
    )  # fmt: skip
    listeners.start()
    yield tcp, udp
    listeners.stop()


def closed(sender: socket.socket) -> bool:
    """Whether the other side has closed it; what is sent meanwhile brings that about."""
    with contextlib.suppress(TimeoutError):
        try:
            sender.sendall(LINE)
            return sender.recv(1) == b""
        except ConnectionError:
            return True
    return False


def test_syslog_connections_old_and_new_are_closed(site: TestSite, ports: tuple[int, int]):
    with socket.create_connection(("127.0.0.1", ports[0]), timeout=10) as old:
        old.sendall(LINE)
        until(lambda: site.store.value("SELECT count(*) FROM raw"), 60, "the first line")
        full(site)
        old.settimeout(1)
        until(lambda: closed(old), 60, "the old connection to be closed")
    with socket.create_connection(("127.0.0.1", ports[0]), timeout=10) as new:
        new.settimeout(1)
        until(lambda: closed(new), 60, "the new connection to be closed")


def test_datagrams_are_counted_as_dropped(site: TestSite, ports: tuple[int, int]):
    full(site)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(LINE, ("127.0.0.1", ports[1]))
        reason = "SELECT count FROM tallies WHERE reason = 'syslog: the disk was full'"
        until(lambda: site.store.value(reason), 60, "the count")
    assert site.store.value("SELECT count(*) FROM raw") == 0
