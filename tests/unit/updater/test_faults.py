"""A disk that fills at any step and empties again; a clock that is wrong by years."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
from datetime import timedelta
from pathlib import Path

import pytest

from common.errors import NetworkError
from common.spool import Store
from tests.support.program_world import PRODUCT, World
from tests.support.update_kills import Acts, assert_in_order, installed, ship, update
from updater.states import State

FULL_FOR = 12  # acts that fail in a row, as when somebody makes room after a while


class FullDisk:
    """From one act on writing fails, for some acts; then there is room again."""

    def __init__(self, patch: pytest.MonkeyPatch, first: int) -> None:
        self.acts = 0
        self.failed = 0
        self._first = first
        for owner, name in ((Path, "replace"), (Path, "rename"), (os, "fsync"), (Store, "write")):
            self._wrap(patch, owner, name)

    def _wrap(self, patch: pytest.MonkeyPatch, owner: object, name: str) -> None:
        act = getattr(owner, name)

        def tried(*args: object, **kwargs: object) -> object:
            self.acts += 1
            if self._first <= self.acts < self._first + FULL_FOR:
                self.failed += 1
                if owner is Store:
                    raise sqlite3.OperationalError("database or disk is full")
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return act(*args, **kwargs)

        patch.setattr(owner, name, tried)


def goes_on(world: World, most: int = 300) -> None:
    """As the worker does: what a step raises is a fault, and the step is done again."""
    world.engine.hint()
    for _ in range(most):
        with contextlib.suppress(OSError, sqlite3.Error):
            world.step()
        program = world.program
        if program.state is State.IDLE and program.current.version == "1.1.0":
            return
    raise AssertionError(f"still {world.program.state}: {world.program.reason}")


@pytest.mark.parametrize("fares", ["well", "closed, well"])
def test_a_disk_that_fills_at_any_step_ends_with_the_new_release_when_there_is_room(
    tmp_path, vendor, fares
):
    installed(tmp_path / "ground", vendor)
    ship(vendor, fares)
    shutil.copytree(tmp_path / "ground", tmp_path / "count", symlinks=True)
    with pytest.MonkeyPatch.context() as patch:
        acts = Acts(patch, None)
        update(tmp_path / "count", vendor, fares)
    assert acts.done > 40
    failed = 0
    for first in range(1, acts.done, 6):
        place = tmp_path / f"full-{first}"
        shutil.copytree(tmp_path / "ground", place, symlinks=True)
        world = World(place, vendor)
        try:
            with pytest.MonkeyPatch.context() as patch:
                disk = FullDisk(patch, first)
                goes_on(world)
                failed += disk.failed
            assert world.journal.bad(PRODUCT) == {}, "a full disk is no fault of the release"
        finally:
            world.close()
        assert_in_order(place, vendor, fares, f"a full disk from act {first}")
    assert failed > acts.done


@pytest.mark.parametrize("state", [s for s in State if s not in {State.FAILED, State.ROLLED_BACK}])
@pytest.mark.parametrize("years", [-20, 20])
def test_a_clock_that_is_wrong_by_years_for_a_while_costs_no_release(
    tmp_path, vendor, state, years
):
    installed(tmp_path, vendor)
    ship(vendor, "well")
    world = World(tmp_path, vendor)
    try:
        if state is not State.IDLE:
            world.until(state)
        right = world.clock.now()
        world.clock.jump(right + timedelta(days=365 * years))
        for _ in range(8):
            world.step()
        world.clock.jump(right + timedelta(minutes=5))
        world.engine.hint()
        for _ in range(100):
            if world.step() is State.IDLE and world.program.current.version == "1.1.0":
                break
        assert world.program.current.version == "1.1.0", world.program.reason
        assert world.journal.bad(PRODUCT) == {}
        assert world.running_slot == world.program.current.digest
    finally:
        world.close()


def test_years_in_the_future_nothing_new_is_installed_and_what_runs_runs_on(tmp_path, vendor):
    """Everything the vendor has signed is past its date then: it could be an old release."""
    installed(tmp_path, vendor)
    ship(vendor, "well")
    world = World(tmp_path, vendor)
    try:
        current, slot = world.program.current, world.running_slot
        world.clock.jump(world.clock.now() + timedelta(days=3650))
        for _ in range(10):
            assert world.step() is State.IDLE
        assert (world.program.current, world.running_slot) == (current, slot)
        assert "date" in world.program.reason
    finally:
        world.close()


@pytest.mark.parametrize("state", [State.IDLE, State.AVAILABLE, State.FETCHING, State.WAITING])
def test_a_network_that_is_gone_for_longer_than_any_pause_costs_no_release(
    tmp_path, vendor, state, monkeypatch
):
    """There is no last try: whoever gives up after so many would wait for a person."""
    installed(tmp_path, vendor)
    ship(vendor, "well")
    world = World(tmp_path, vendor)

    def gone(*_about, **_more):
        raise NetworkError("There is no network.")

    try:
        if state is not State.IDLE:
            world.until(state)
        running, began = world.running_slot, world.clock.now()
        world.comm.away = True
        with monkeypatch.context() as patch:
            patch.setattr(vendor, "open", gone)
            while world.clock.now() - began < timedelta(days=3):
                world.step()
                assert world.running_slot == running
        assert world.program.state is state
        world.comm.away = False
        longest = world.settings.every.retry_most + world.settings.every.check * 1.25
        back = world.clock.now()
        while world.program.current.version != "1.1.0":
            world.step()
            assert world.clock.now() - back < timedelta(seconds=longest + 60), world.program.reason
        assert world.journal.bad(PRODUCT) == {}
    finally:
        world.close()
