"""A process that is killed while it applies a delta; the next one sweeps and builds anew."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.support.delta_world import NEW, OLD, ship_with_delta
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import RepositorySimulator
from tests.support.update_kills import KILLED, Acts, in_child
from updater import slots
from updater.states import State


def kill_while_applying(folder: Path, *, stride: int) -> None:
    """SIGKILL before every ``stride``-th act of building a slot from a delta."""
    vendor = RepositorySimulator(PRODUCT)
    vendor.add_release(PRODUCT, "1.0.0", OLD)
    vendor.point(PRODUCT, "stable", "1.0.0")
    vendor.bump(PRODUCT)
    world = World(folder / "ground", vendor)
    world.settle()
    ship_with_delta(vendor, folder / "made", PRODUCT)
    world.until(State.STAGED)
    world.close()
    shutil.copytree(folder / "ground", folder / "count")
    acts = _apply(folder / "count", vendor, None)
    assert acts > 20, "the acts are no longer counted"
    for number in range(0, acts, stride):
        place = folder / f"killed-{number}"
        shutil.copytree(folder / "ground", place)

        def killed(place: Path = place, number: int = number) -> None:
            _apply(place, vendor, number)

        assert in_child(killed) == KILLED, number
        _ends_with_the_delta(World(place, vendor), number)
        slots.remove_tree(place)


def _apply(folder: Path, vendor: RepositorySimulator, kill_at: int | None) -> int:
    with pytest.MonkeyPatch.context() as patch:
        acts = Acts(patch, kill_at)
        acts._wrap(patch, os, "link")
        acts._wrap(patch, shutil, "copyfileobj")
        world = World(folder, vendor)
        assert world.step() is State.WAITING
        world.close()
        return acts.done


def _ends_with_the_delta(world: World, number: int) -> None:
    program = world.settle()
    assert program.current is not None
    assert program.current.version == "1.1.0", f"{number}: {program.reason}"
    digest = program.current.digest
    assert slots.verify(world.folder.slots, digest) == [], number
    for path, content in NEW.items():
        assert (world.folder.slots / digest / path).read_bytes() == content, number
    assert world.running_slot == digest
    assert world.leftovers() == []
    assert world.receipts()[-1]["way"]["by"] == "delta", number
    world.close()
