"""The long form of tests/unit/updater/test_kills.py: every act of every way an update can go."""

from __future__ import annotations

import pytest

from tests.support.delta_kills import kill_while_applying
from tests.support.update_kills import CLOSED, FARES, kill_before_acts

pytestmark = pytest.mark.long


@pytest.mark.parametrize("fares", FARES | CLOSED)
def test_killed_before_every_act_old_or_new_runs_and_nothing_is_left(tmp_path, fares):
    kill_before_acts(tmp_path, fares, stride=1)


def test_killed_before_every_act_of_applying_a_delta_the_next_start_builds_it(tmp_path):
    kill_while_applying(tmp_path, stride=1)
