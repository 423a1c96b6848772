"""The updater's own process killed at an fsync, by strace; tests/drills has every one of them."""

from __future__ import annotations

from tests.support.updater_kills import ground


def test_killed_at_an_fsync_the_next_updater_ends_with_the_new_release(tmp_path):
    with ground(tmp_path) as there:
        killed = [there.kill_at("fsync", 13), there.kill_at("fdatasync", 9)]
        # And at no chosen moment, together with the program's launcher.
        there.kill_after(there.took / 2, launcher=True)
    assert all(killed), "strace killed nobody"
