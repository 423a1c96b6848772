"""SIGKILL at random moments of real updates: of the updater, and of the launcher beside it.

The short form is in tests/unit/updater/test_killed_updater.py.
"""

from __future__ import annotations

import random

import pytest

from common.logs import get_logger
from tests.support.updater_kills import ground

log = get_logger(__name__)


def killed_at_random(folder, kills, seed):
    """Update and kill so often; how many of them came before the end."""
    chance = random.Random(seed)
    with ground(folder) as there:
        return sum(
            there.kill_after(chance.random() * there.took * 1.1, launcher=number % 4 == 3)
            for number in range(kills)
        )


@pytest.mark.long
@pytest.mark.timeout(7200)
def test_a_hundred_kills_at_random_moments_end_with_the_new_release(tmp_path):
    before_the_end = killed_at_random(tmp_path, kills=100, seed=20261121)
    log.info("drill.random_kills", kills=100, before_the_end=before_the_end)
    assert before_the_end > 50
