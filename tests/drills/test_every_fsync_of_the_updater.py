"""The long form of tests/unit/updater/test_killed_updater.py."""

from __future__ import annotations

import pytest

from tests.support.updater_kills import ground

pytestmark = [pytest.mark.long, pytest.mark.timeout(3600)]
MOST = 200


@pytest.mark.parametrize("call", ["fsync", "fdatasync"])
def test_killed_at_every_fsync_the_next_updater_ends_with_the_new_release(tmp_path, call):
    with ground(tmp_path) as there:
        for number in range(1, MOST):
            if not there.kill_at(call, number):
                assert number > 10, "strace killed nobody"
                return
    raise AssertionError(f"an update makes more than {MOST} calls of {call} in one thread")
