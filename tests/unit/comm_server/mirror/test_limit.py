"""The site's line keeps what releases may not take."""

from __future__ import annotations

import threading

import pytest
from tuf.api.exceptions import DownloadError

from comm_server.mirror.limit import LEAST, Limited
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator

PATH = "targets/phone/x"


@pytest.fixture
def source() -> RepositorySimulator:
    made = RepositorySimulator("phone")
    made.files[PATH] = bytes(100_000)
    return made


@pytest.mark.parametrize(("rate", "seconds"), [(10_000, 10), (50_000, 2), (1, 100_000 / LEAST)])
def test_bytes_come_no_faster_than_the_limit(
    source: RepositorySimulator, clock: FakeClock, rate: int, seconds: float
) -> None:
    began = clock.monotonic()
    got = b"".join(Limited(source, rate, clock, threading.Event()).open(PATH))
    assert got == source.files[PATH]
    assert clock.monotonic() - began == pytest.approx(seconds, rel=0.02)


def test_several_files_share_the_limit_and_a_quiet_time_saves_nothing_up(
    source: RepositorySimulator, clock: FakeClock
) -> None:
    limited = Limited(source, 10_000, clock, threading.Event())
    clock.advance(hours=1)
    began = clock.monotonic()
    for _ in range(2):
        b"".join(limited.open(PATH, 50_000))
    assert clock.monotonic() - began == pytest.approx(10, rel=0.02)


def test_without_a_limit_nothing_waits(source: RepositorySimulator, clock: FakeClock) -> None:
    b"".join(Limited(source, 0, clock, threading.Event()).open(PATH))
    assert clock.slept == []


def test_a_server_that_stops_does_not_wait_for_a_slow_download(
    source: RepositorySimulator, clock: FakeClock
) -> None:
    leave = threading.Event()
    chunks = Limited(source, 5_000, clock, leave).open(PATH)
    next(chunks)
    leave.set()
    with pytest.raises(DownloadError, match="stopped"):
        next(chunks)
    assert sum(clock.slept) < 1
