"""What the vendor halts or withdraws is not begun, and what was begun is dropped."""

from __future__ import annotations

import pytest

from tests.support.program_world import PRODUCT
from updater.states import State


@pytest.mark.parametrize(("kind", "word"), [("halted", "halted"), ("withdrawn", "withdrawn")])
def test_a_release_that_the_vendor_speaks_against_is_not_begun(world, vendor, kind, word):
    world.settle()
    vendor.add_release(PRODUCT, "1.1.0")
    vendor.point(PRODUCT, "stable", "1.1.0", **{kind: {"1.1.0": "it loses calls"}})
    vendor.bump(PRODUCT)
    program = world.settle()
    assert program.current.version == "1.0.0"
    assert program.reason == f"The vendor has {word} {PRODUCT} 1.1.0: it loses calls"
    vendor.ship(PRODUCT, "1.2.0")
    assert world.settle().current.version == "1.2.0"


def test_a_lifted_halt_lets_it_go_on(world, vendor):
    world.settle()
    vendor.add_release(PRODUCT, "1.1.0")
    vendor.point(PRODUCT, "stable", "1.1.0", halted={"1.1.0": "wait"})
    vendor.bump(PRODUCT)
    assert world.settle().current.version == "1.0.0"
    vendor.point(PRODUCT, "stable", "1.1.0")
    vendor.bump(PRODUCT)
    assert world.settle().current.version == "1.1.0"


def test_what_waits_for_its_switch_is_dropped(world, vendor):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.until(State.WAITING)
    vendor.point(PRODUCT, "stable", "1.1.0", withdrawn={"1.1.0": "it loses calls"})
    vendor.bump(PRODUCT)
    world.engine.hint()
    program = world.settle()
    assert program.current.version == "1.0.0"
    assert world.running_slot == program.current.digest


def test_what_is_installed_stays_and_the_reason_is_told(world, vendor):
    world.settle()
    vendor.point(PRODUCT, "stable", "1.0.0", withdrawn={"1.0.0": "it loses calls"})
    vendor.bump(PRODUCT)
    program = world.settle()
    assert program.current.version == "1.0.0"
    assert "stays until there is a newer one" in program.reason


@pytest.mark.parametrize("junk", ["all of them", ["1.0.0"], {"1.0.0": 5}, {"x": "no version"}])
def test_a_warning_that_cannot_be_read_is_never_skipped(world, vendor, junk):
    world.settle()
    vendor.add_release(PRODUCT, "1.1.0")
    vendor.point(PRODUCT, "stable", "1.1.0", halted=junk)
    vendor.bump(PRODUCT)
    assert world.settle().current.version == "1.0.0"
