"""Receipts in: kept once, halted by what they say, handed home as they were signed."""

from __future__ import annotations

import pytest

from common.errors import RefusedError
from tests.unit.comm_server.rollout.world import RolloutWorld


@pytest.fixture
def fleet(world: RolloutWorld) -> RolloutWorld:
    """Three clients, each of which may begin at once."""
    world.settings(rings=("all",), at_once=100)
    world.join("seat-1", "seat-2", "seat-3")
    world.ship("1.0.2")
    return world


@pytest.mark.parametrize("outcome", ["failed", "rolled_back"])
def test_the_first_failure_halts_by_default(fleet: RolloutWorld, outcome: str):
    assert fleet.asks("seat-2")
    fleet.tell("seat-1", outcome)
    assert not fleet.asks("seat-2")
    assert "1.0.2 did not hold on seat-1: it died" in fleet.why("seat-2")
    assert fleet.said()[-1] == "failed"


@pytest.mark.parametrize("outcome", ["committed", "refused", "returned"])
def test_success_refusal_and_an_ordered_return_halt_nothing(fleet: RolloutWorld, outcome: str):
    fleet.tell("seat-1", outcome)
    assert fleet.asks("seat-2")


def test_other_versions_and_products_go_on(fleet: RolloutWorld):
    fleet.tell("seat-1", "rolled_back", version="1.0.1")
    fleet.tell("seat-2", "rolled_back", product="other")
    assert fleet.asks("seat-3")


def test_a_release_that_never_came_by_the_mirror_is_halted_too(fleet: RolloutWorld):
    fleet.tell("seat-1", "rolled_back", version="0.9.9")
    assert not fleet.asks("seat-2", "0.9.9")
    assert "did not hold" in fleet.why("seat-2", "0.9.9")


def test_distinct_clients_are_counted_and_not_tries(fleet: RolloutWorld):
    fleet.settings(rings=("all",), at_once=100, most_failures=2)
    fleet.tell("seat-1", "failed")
    fleet.tell("seat-1", "failed")
    assert fleet.asks("seat-3")
    fleet.tell("seat-2", "failed")
    assert not fleet.asks("seat-3")
    assert "on seat-1 and 1 more" in fleet.why("seat-3")


def test_resuming_opens_it_until_another_client_fails(fleet: RolloutWorld):
    fleet.tell("seat-1", "failed")
    fleet.site.clock.advance(1)
    assert fleet.orders.resume("companion", "1.0.2", "Ann")
    assert fleet.asks("seat-3")
    fleet.pass_time(seconds=5)
    assert fleet.asks("seat-3")
    assert not fleet.orders.resume("companion", "1.0.2", "Ann")
    fleet.tell("seat-2", "failed")
    assert not fleet.asks("seat-3")
    assert "on seat-2: it died" in fleet.why("seat-3")


def test_a_receipt_sent_again_does_not_halt_what_was_resumed(fleet: RolloutWorld):
    """The client's answer was lost, so it sends the receipt again, after the administrator."""
    fleet.tell("seat-1", "failed", id="same")
    fleet.site.clock.advance(1)
    fleet.orders.resume("companion", "1.0.2", "Ann")
    fleet.tell("seat-1", "failed", id="same")
    assert fleet.asks("seat-2")
    assert fleet.store.value("SELECT count(*) FROM receipts") == 1


@pytest.mark.parametrize(
    "changes",
    [
        {"outcome": "wonderful"},
        {"at": "yesterday"},
        {"at": None},
        {"log_tail": ["x" * 100_000]},
        {"version": "1" * 500},
        {"id": "i" * 500},
        {"client": "c-seat-2"},
    ],
)
def test_a_receipt_that_is_not_right_is_refused_and_halts_nothing(
    fleet: RolloutWorld, changes: dict
):
    with pytest.raises(RefusedError):
        fleet.tell("seat-1", **{"outcome": "failed", **changes})
    assert fleet.asks("seat-2")
    assert fleet.store.value("SELECT count(*) FROM receipts") == 0


@pytest.mark.parametrize("missing", ["id", "outcome", "product", "version", "reason", "at"])
def test_a_receipt_that_lacks_something_is_refused(fleet: RolloutWorld, missing: str):
    statement = {
        "id": "r", "client": "c-seat-1", "product": "companion", "version": "1.0.2",
        "outcome": "failed", "reason": "it died", "at": fleet.site.now,
    }  # fmt: skip
    del statement[missing]
    with pytest.raises(RefusedError):
        fleet.rollout.keep_receipt("c-seat-1", statement, {"statement": statement})


def test_the_reason_is_one_line(fleet: RolloutWorld):
    fleet.tell("seat-1", "failed", reason="it\ndied\x1b[2J" + "x" * 10_000)
    (halt,) = fleet.rollout.halts()
    assert halt["reason"].isprintable()
    assert len(halt["reason"]) < 700


def test_a_receipt_reaches_the_vendor_as_it_was_signed(fleet: RolloutWorld):
    fleet.tell("seat-1", "failed")
    site = fleet.site
    (receipt,) = site.opened(site.bundle()).bundle.receipts
    assert receipt["statement"]["reason"] == "it died"
    assert site.opened(site.bundle()).bundle.receipts == []
