"""Killed or restarted anywhere, the next start ends with the old or the new release running."""

from __future__ import annotations

import pytest

from tests.support.program_world import PRODUCT, World
from tests.support.update_kills import assert_in_order, installed, kill_before_acts
from updater.states import State


@pytest.mark.parametrize(
    ("fares", "stride"),
    [("well", 6), ("crashes", 12), ("closed, well", 12), ("closed, crashes", 5)],
)
def test_killed_before_an_act_old_or_new_runs_and_nothing_is_left(tmp_path, fares, stride):
    """Some of the acts; tests/drills has all of them."""
    kill_before_acts(tmp_path, fares, stride=stride)


@pytest.mark.parametrize("state", [s for s in State if s is not State.FAILED])
def test_restarted_in_every_state_it_ends_with_the_new_release(tmp_path, vendor, state):
    installed(tmp_path, vendor)
    vendor.ship(PRODUCT, "1.1.0")
    fares = "crashes" if state is State.ROLLED_BACK else "well"
    world = World(tmp_path, vendor, behaviour={"1.1.0": fares})
    if state is not State.IDLE:
        world.until(state)
    world.close()
    assert_in_order(tmp_path, vendor, fares, f"restarted in {state}")


def test_a_first_installation_killed_half_way_is_ended_by_the_next_start(tmp_path, vendor):
    for state in (State.FETCHING, State.STAGED, State.SWITCHING, State.PROBATION):
        folder = tmp_path / state
        world = World(folder, vendor)
        world.until(state)
        world.close()
        again = World(folder, vendor)
        program = again.settle()
        assert again.running_slot == program.current.digest
        again.close()
