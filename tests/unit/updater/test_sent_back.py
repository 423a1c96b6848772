"""The site's rollout as one client meets it: its turn at each step, and the way back for all."""

from __future__ import annotations

import dataclasses

import pytest

from common.wire.release import manifest_target
from tests.support.program_world import PRODUCT, World
from tests.support.repository_simulator import PLATFORM, RepositorySimulator
from updater.journal import Program
from updater.states import State

MAY_RETURN = {"terms": {"1.1.0": {"may_return": True}}}
ORDER = "1.1.0 did not hold on seat-2: it died"


def versions(program: Program) -> tuple[str | None, str | None]:
    return (
        program.current.version if program.current else None,
        program.previous.version if program.previous else None,
    )


@pytest.fixture
def newer(world: World, vendor: RepositorySimulator) -> World:
    """On 1.1.0, with 1.0.0 beside it."""
    world.settle()
    vendor.ship(PRODUCT, "1.1.0", **MAY_RETURN)
    world.settle()
    assert versions(world.program) == ("1.1.0", "1.0.0")
    return world


def returned(world: World) -> int:
    return [r["outcome"] for r in world.receipts()].count("returned")


def test_it_asks_before_the_download_before_draining_and_for_its_place(world: World):
    world.settle()
    assert world.comm.steps == ["fetch", "ready", "switch"]


def test_without_a_place_it_waits_undisturbed(world: World, vendor: RepositorySimulator):
    world.settle()
    vendor.ship(PRODUCT, "1.1.0")
    world.comm.places = False
    world.engine.hint()
    world.until(State.WAITING)
    for _ in range(3):
        assert world.step() is State.WAITING
    assert "As many are at it as may be." in world.program.reason
    world.comm.places = True
    world.until(State.IDLE)
    assert versions(world.program) == ("1.1.0", "1.0.0")


def test_the_site_sends_it_back_and_nobody_is_blamed(newer: World):
    newer.comm.back = ORDER
    newer.comm.go, newer.comm.why = False, f"The rollout was halted: {ORDER}"
    program = newer.settle()
    assert versions(program) == ("1.0.0", None)
    told = [r for r in newer.receipts() if r["outcome"] == "returned"]
    assert [(r["version"], r["from_version"]) for r in told] == [("1.1.0", "1.0.0")]
    assert ORDER in told[0]["reason"]
    assert newer.journal.bad_releases() == []
    assert [r["outcome"] for r in newer.receipts()].count("rolled_back") == 0


def test_it_goes_back_once_and_waits_for_the_release_to_be_let_go_again(newer: World):
    newer.comm.back = ORDER
    newer.comm.go = False
    newer.settle()
    for _ in range(5):
        newer.engine.hint()
        newer.step()
    assert versions(newer.program)[0] == "1.0.0"
    assert len([r for r in newer.receipts() if r["outcome"] == "returned"]) == 1
    newer.comm.back, newer.comm.go = "", True
    newer.engine.hint()
    newer.until(State.IDLE)
    assert versions(newer.program) == ("1.1.0", "1.0.0")


def test_with_no_release_before_it_stays_and_does_not_even_ask(world: World):
    world.comm.back = ORDER
    program = world.settle()
    assert versions(program) == ("1.0.0", None)
    assert not any(asked.startswith("keep") for asked in world.comm.asked)


def test_a_damaged_release_before_is_not_gone_back_to(newer: World):
    assert newer.program.previous is not None
    slot = newer.folder.slots / newer.program.previous.digest
    victim = next(path for path in slot.rglob("*") if path.is_file())
    victim.chmod(0o755)
    victim.write_bytes(b"changed")
    newer.comm.back = ORDER
    program = newer.settle()
    assert versions(program) == ("1.1.0", "1.0.0")
    assert [r for r in newer.receipts() if r["outcome"] == "returned"] == []


def test_a_critical_release_says_so_once_it_has_waited(world: World, vendor: RepositorySimulator):
    world.settle()
    made = dataclasses.replace(vendor.add_release(PRODUCT, "1.1.0"), critical=True)
    vendor.add_target(manifest_target(PRODUCT, "1.1.0", PLATFORM), made.to_bytes())
    vendor.point(PRODUCT, "stable", "1.1.0")
    vendor.bump(PRODUCT)
    world.comm.places = False
    world.engine.hint()
    world.until(State.WAITING)
    world.step()
    assert "ready!" not in world.comm.steps
    world.clock.advance(world.tools.settings.window.critical_after)
    world.step()
    assert world.comm.steps[-1].endswith("!")


def test_attack_a_site_in_wrong_hands_sends_its_clients_back_from_what_the_vendor_keeps_to(
    newer: World, vendor: RepositorySimulator
):
    """Without the vendor's signed word the site's worst power is delay."""
    vendor.point(PRODUCT, "stable", "1.1.0")
    vendor.bump(PRODUCT)
    newer.comm.back = ORDER
    newer.settle()
    vendor.point(PRODUCT, "stable", "1.1.0", terms={"1.2.0": {"may_return": True}})
    vendor.bump(PRODUCT)
    program = newer.settle()
    assert versions(program) == ("1.1.0", "1.0.0")
    assert returned(newer) == 0


def test_attack_a_site_in_wrong_hands_sends_its_clients_to_and_fro(
    newer: World, vendor: RepositorySimulator
):
    for _ in range(3):
        newer.comm.back, newer.comm.go = ORDER, False
        newer.settle()
        newer.comm.back, newer.comm.go = "", True
        newer.settle()
    assert returned(newer) == 1
    assert versions(newer.program) == ("1.1.0", "1.0.0")
    vendor.point(PRODUCT, "stable", "1.1.0", issues={"1.1.0": 1}, **MAY_RETURN)
    vendor.bump(PRODUCT)
    newer.comm.back, newer.comm.go = ORDER, False
    assert versions(newer.settle()) == ("1.0.0", None), "its vendor has issued it again"


@pytest.mark.parametrize("word", ["halted", "withdrawn"])
def test_after_the_vendors_word_against_it_the_site_sends_it_back_as_often_as_it_likes(
    newer: World, vendor: RepositorySimulator, word: str
):
    for times in (1, 2):
        vendor.point(PRODUCT, "stable", "1.1.0", **{word: {"1.1.0": "it loses calls"}})
        vendor.bump(PRODUCT)
        newer.comm.back = ORDER
        assert versions(newer.settle()) == ("1.0.0", None)
        vendor.point(PRODUCT, "stable", "1.1.0")
        vendor.bump(PRODUCT)
        newer.comm.back = ""
        assert versions(newer.settle()) == ("1.1.0", "1.0.0")
        assert returned(newer) == times


def test_terms_that_cannot_be_read_send_nobody_back(newer: World, vendor: RepositorySimulator):
    vendor.point(PRODUCT, "stable", "1.1.0", terms={"1.1.0": {"may_return": "yes"}})
    vendor.bump(PRODUCT)
    newer.comm.back = ORDER
    newer.settle()
    assert versions(newer.program) == ("1.1.0", "1.0.0")
