"""The communications server's disk fills up to the last byte under load, and is emptied again."""

from __future__ import annotations

import contextlib
import json
import socket
from pathlib import Path

import pytest

from tests.support.onebox import free_ports
from tests.support.reporter import Reporter
from tests.support.small_disk import MIB, small_disk
from tests.support.two_ends import Senders, TwoEnds, assert_nothing_lost_or_doubled
from tests.support.waiting import until

_LOST = "syslog: the disk was full"
SIZE, BALLAST, LEAST, RESUME = 64 * MIB, 8 * MIB, 12 * MIB, 16 * MIB


@pytest.fixture
def disk(tmp_path: Path):
    with small_disk(tmp_path / "ends" / "comm", SIZE) as made:
        yield made


@pytest.fixture
def ends(tmp_path: Path, disk):
    tcp, udp = free_ports(2)
    made = TwoEnds(
        tmp_path / "ends",
        COMM_DISK_BALLAST=BALLAST,
        COMM_DISK_LEAST_FREE=LEAST,
        COMM_DISK_RESUME_FREE=RESUME,
        COMM_INTAKE_SYSLOG_TCP_PORT=tcp,
        COMM_INTAKE_SYSLOG_UDP_PORT=udp,
    )
    made.ports |= {"TCP": tcp, "UDP": udp}
    made.make()
    try:
        for name in ("home", "comm"):
            made.start(name)
        for name in ("home", "comm"):
            made.well(name)
        yield made
    finally:
        made.close()


def alarms(ends: TwoEnds) -> dict[str, dict]:
    """What the vendor has been told of the server itself."""
    manifests = ends.ask("home", "SELECT manifest FROM bundles ORDER BY id")
    return {a["kind"]: a["facts"] for (m,) in manifests for a in json.loads(m).get("alarms", [])}


def counted(ends: TwoEnds) -> bool:
    """Whether the datagram is told as lost, or will be with the next bundle."""
    told = ends.ask("home", "SELECT manifest FROM bundles")
    waiting = ends.ask("comm", "SELECT 1 FROM tallies WHERE reason = ?", _LOST)
    return bool(waiting) or any(_LOST in json.loads(m)["dropped"] for (m,) in told)


def turned_away(port: int) -> bool:
    """Whether a syslog connection is closed by the other side."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=10) as sender:
            sender.sendall(b"<11>1 - seat-9 dialer - - - no dial tone\n")
            sender.settimeout(10)
            return sender.recv(1) == b""
    except ConnectionError:
        return True


@pytest.mark.parametrize(
    "whole",
    [True, pytest.param(False, marks=pytest.mark.long)],
    ids=["to the last byte", "below the limit"],
)
def test_a_full_disk_stops_the_intake_tells_the_vendor_and_loses_nothing(
    ends, disk, tmp_path, whole
):
    dsn = ends.dsn()
    reporter = Reporter(ends, tmp_path / "reporter")
    senders = Senders(ends, dsn, number=4, pause=0.03)
    try:
        until(lambda: len(senders.accepted) > 20, 120, "some reports", ends.told)
        disk.fill(0 if whole else LEAST - 4 * MIB)
        status, told = until(
            lambda: ends.health("comm") if ends.health("comm")[0] == 503 else None,
            120, "the server to say that it is not well", ends.told,
        )  # fmt: skip
        assert "reports are not taken" in told["checks"]["disk"], status
        assert disk.free > 0, "the ballast was given back"
        until(lambda: "disk_low" in alarms(ends), 180, "the alarm at the vendor", ends.told)
        refused = senders.unanswered
        until(lambda: senders.unanswered > refused, 60, "senders that are turned away", ends.told)
        assert turned_away(ends.ports["TCP"])
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"<11>1 - seat-9 dialer - - - no tone", ("127.0.0.1", ends.ports["UDP"]))
        disk.empty()
        until(lambda: ends.healthy("comm"), 120, "the server to be well again", ends.told)
        before = len(senders.accepted)
        until(lambda: len(senders.accepted) > before + 10, 120, "reports to be taken", ends.told)
    finally:
        with contextlib.suppress(FileNotFoundError):
            disk.empty()
        senders.stop()
        captured = reporter.stop()
    until(lambda: "disk_again" in alarms(ends), 180, "the end of the alarm", ends.told)
    assert alarms(ends)["disk_again"]["closed"] > 0
    assert (ends.folder / "comm" / "ballast").stat().st_blocks * 512 >= BALLAST
    until(lambda: counted(ends), 120, "the lost datagram to be counted", ends.told)
    assert_nothing_lost_or_doubled(ends, senders.accepted | captured, senders.tried | captured)
