"""SIGKILL at random moments under load: what was answered arrives at the vendor, once."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from common.logs import get_logger
from tests.support.reporter import Reporter
from tests.support.two_ends import Senders, assert_nothing_lost_or_doubled, two_ends
from tests.support.waiting import until

log = get_logger(__name__)


def kills_under_load(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Kill the communications server and the home in turn; the figures of the drill."""
    chance = random.Random(seed)
    with two_ends(folder / "ends") as ends:
        for name in ("home", "comm"):
            ends.start(name)
        for name in ("home", "comm"):
            ends.well(name)
        dsn = ends.dsn()
        reporter = Reporter(ends, folder / "reporter", pause=1.0)
        senders = Senders(ends, dsn, number=6, pause=0.1)
        try:
            for number in range(kills):
                name = "home" if number % 3 == 2 else "comm"
                # The moment is the point of this drill: from the first instruction on.
                if chance.random() < 0.7:
                    until(lambda name=name: ends.healthy(name), 120, name, ends.told, every=0.02)
                time.sleep(chance.random() * 1.5)
                ends.kill(name)
                ends.start(name)
        finally:
            for name in ("home", "comm"):
                ends.well(name)
            senders.stop()
            captured = reporter.stop()
        accepted = senders.accepted | captured
        assert_nothing_lost_or_doubled(ends, accepted, senders.tried | captured)
        return {
            "kills": kills,
            "accepted": len(senders.accepted),
            "captured": len(captured),
            "unanswered": senders.unanswered,
            "at_the_vendor": len(ends.at_the_vendor()),
        }


def test_a_few_kills_of_both_ends_lose_and_double_nothing(tmp_path):
    figures = kills_under_load(tmp_path, kills=3, seed=1)
    assert figures["accepted"] > 20


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_a_hundred_kills_of_both_ends_lose_and_double_nothing(tmp_path):
    figures = kills_under_load(tmp_path, kills=100, seed=20261121)
    log.info("drill.kills", **figures)
    assert figures["accepted"] > 1000
