"""The look at the vendor, and the one that a waiting client asks for."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from comm_server.mirror.pull import Puller
from comm_server.settings import MirrorSettings
from common.errors import NetworkError
from tests.support.clock import FakeClock
from tests.support.repository_simulator import RepositorySimulator
from tests.unit.comm_server.mirror.conftest import Site


class Counting(Puller):
    """Counts its looks; ``away`` is whether the vendor is not reached."""

    looks = 0
    away = False

    def pull(self):
        self.looks += 1
        if self.away:
            raise NetworkError("The vendor was not reached.")
        return self._mirror.offer(self.vendor, "pull")


@pytest.fixture
def puller(site: Site, vendor: RepositorySimulator, clock: FakeClock) -> Counting:
    made = Counting(site.mirror, "https://home.example", Path("ca.pem"), MirrorSettings, clock)
    made.vendor = vendor
    site.accepts(vendor)
    return made


def lose_a_pack(site: Site) -> str:
    path = next(path for path in site.files() if path.endswith(".zst"))
    (site.mirror.live / path).unlink()
    return path.removeprefix("targets/")


def test_nobody_is_asked_while_no_client_waits(puller: Counting) -> None:
    puller.pull_asked()
    assert puller.looks == 0


def test_a_waiting_client_is_looked_for_at_once_and_once(site: Site, puller: Counting) -> None:
    assert site.mirror.asked.ask(lose_a_pack(site))
    puller.pull_asked()
    puller.pull_asked()
    assert puller.looks == 1


def test_while_a_pull_is_under_way_there_is_no_second_one(site: Site, puller: Counting) -> None:
    site.mirror.asked.ask(lose_a_pack(site))
    with puller._busy:
        puller.pull_asked()
    assert puller.looks == 0
    puller.pull_asked()
    assert puller.looks == 1


def test_a_vendor_that_is_away_is_asked_more_and_more_rarely(
    site: Site, puller: Counting, clock: FakeClock
) -> None:
    puller.away = True
    site.mirror.asked.ask(lose_a_pack(site))
    for _ in range(3600):
        with contextlib.suppress(NetworkError):
            puller.pull_asked()
        clock.advance(1)
    assert 10 < puller.looks < 40
    puller.away = False
    clock.advance(300)
    puller.pull_asked()
    assert site.mirror.asked.waiting() == []
