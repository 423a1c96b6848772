"""Each attack on a client: nothing of it is installed, what ran runs on, and the site hears why."""

from __future__ import annotations

import pytest

from tests.support.attacks import ATTACKS
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import RepositorySimulator


@pytest.fixture
def vendor():
    made = RepositorySimulator(PRODUCT, "desk")
    made.ship(PRODUCT, "1.0.0")
    return made


@pytest.fixture
def world(tmp_path, vendor):
    made = World(tmp_path, vendor)
    made.settle()
    vendor.bump()
    made.settle()
    yield made
    made.close()


@pytest.mark.parametrize("name", ATTACKS)
def test_attack(world, vendor, name):
    attack, _kind = ATTACKS[name]
    before = len(world.receipts())
    attack(vendor, PRODUCT)
    world.engine.hint()
    for _ in range(40):  # it is tried again, and refused again
        world.step()
    program = world.program
    assert program.current.version == "1.0.0"
    assert world.running_slot == program.current.digest
    slots = [path.read_bytes() for path in world.folder.slots.rglob("*") if path.is_file()]
    assert slots
    assert not any(b"evil" in data for data in slots)
    told = world.receipts()[before:]
    assert [receipt["outcome"] for receipt in told] in (["refused"], ["failed"])
    assert told[0]["reason"].endswith("Nothing was changed.")
