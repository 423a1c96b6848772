"""The long form of tests/unit/updater/test_snapshot_processes.py: a kill at every single fsync."""

from __future__ import annotations

import pytest

from tests.support.data_ground import PLACES, kill_at_fsync

pytestmark = pytest.mark.long


@pytest.mark.parametrize(("call", "number"), PLACES)
def test_killed_at_every_fsync_the_old_release_runs_on_its_own_data(tmp_path, call, number):
    kill_at_fsync(tmp_path / "program", call, number)
