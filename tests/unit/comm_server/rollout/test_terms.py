"""What the vendor asks of every site: a default, and never less than that."""

from __future__ import annotations

import pytest

from comm_server.rollout.plan import make_plan
from comm_server.rollout.telling import plan_text
from common.errors import OperatorError, RefusedError
from common.wire.rollout import Terms, read_terms
from tests.unit.comm_server.rollout.world import RolloutWorld

SEATS = [f"seat-{n}" for n in range(1, 11)]
TERMS = Terms(("canary 20%", "all approve"), at_once=50, quiet=3600)


@pytest.fixture
def left_to_it(world: RolloutWorld) -> RolloutWorld:
    """Ten seats of a site that leaves its rings to the vendor."""
    world.settings(enough=100, quiet=60.0, at_once=100)
    world.join(*SEATS)
    return world


def canary(world: RolloutWorld) -> list[str]:
    return [name for name in SEATS if world.asks(name, step="fetch")]


def test_the_vendors_rings_hold_where_the_site_set_none(left_to_it: RolloutWorld):
    left_to_it.ship("1.0.2", terms=TERMS)
    first = canary(left_to_it)
    assert len(first) == 2
    assert left_to_it.asks(first[0])
    assert not left_to_it.asks(first[1]), "half of a ring at once"
    left_to_it.tell(first[0])
    left_to_it.install(first[1])
    left_to_it.pass_time(seconds=61)
    assert canary(left_to_it) == first, "the vendor asks for an hour"
    left_to_it.pass_time(seconds=3600)
    assert canary(left_to_it) == first, "somebody must approve it"
    left_to_it.orders.approve("companion", "1.0.2", "Ann")
    left_to_it.pass_time(seconds=1)
    assert len(canary(left_to_it)) == 10


def test_a_laxer_site_is_held_to_what_the_vendor_asks(left_to_it: RolloutWorld):
    left_to_it.settings(rings=("canary", "all"))
    for seat in SEATS:
        left_to_it.orders.set_ring(seat, "canary", "Ann")
    left_to_it.ship("1.0.2", terms=TERMS)
    assert len(canary(left_to_it)) == 2
    with pytest.raises(OperatorError, match="The vendor asks for time"):
        left_to_it.orders.approve("companion", "1.0.2", "Ann", at_once=True)
    left_to_it.store.execute("UPDATE rollouts SET forced = 1")  # however that came about
    left_to_it.pass_time(seconds=1)
    assert len(canary(left_to_it)) == 2


def test_a_stricter_site_stays_so(left_to_it: RolloutWorld):
    left_to_it.settings(rings=("canary 10% approve", "desk", "all"), at_once=10, quiet=7200.0)
    left_to_it.ship("1.0.2", terms=TERMS)
    assert canary(left_to_it) == []
    left_to_it.orders.approve("companion", "1.0.2", "Ann")
    left_to_it.pass_time(seconds=1)
    (first,) = canary(left_to_it)
    left_to_it.install(first)
    left_to_it.pass_time(seconds=3601)
    left_to_it.orders.approve("companion", "1.0.2", "Ann")
    assert canary(left_to_it) == [first]
    row = left_to_it.row()
    assert left_to_it.rollout.limits(row).quiet == 7200
    assert left_to_it.rollout.limits(row).at_once == 10


def test_a_release_without_terms_is_as_the_site_likes(left_to_it: RolloutWorld):
    left_to_it.ship("1.0.2", terms=Terms())
    assert left_to_it.row()["rings"] == '["canary 10%", "all"]'
    left_to_it.orders.approve("companion", "1.0.2", "Ann", at_once=True)


def test_the_plan_tells_what_the_vendor_asks(left_to_it: RolloutWorld):
    left_to_it.ship("1.0.2", terms=TERMS)
    live = left_to_it.site.parts.mirror.live
    plan = make_plan(left_to_it.rollout, live, left_to_it.row())
    assert plan.as_dict()["terms"] == {
        "rings": ["canary 20%", "all approve"], "at_once": 50, "quiet": 3600,
    }  # fmt: skip
    text = plan_text(plan, "en")
    assert "asks for the rings canary 20%, all approve; at most 50 % of a ring at once; 60" in text
    assert "only after the vendor has halted or withdrawn it" in text
    assert "供应商：要求分批为" in plan_text(plan, "zh-CN")


def test_without_the_vendors_word_a_halt_sends_nobody_back_and_an_order_says_why(
    left_to_it: RolloutWorld,
):
    left_to_it.settings(on_halt="return", rings=("all",))
    left_to_it.ship("1.0.2", terms=Terms())
    left_to_it.install("seat-1")
    left_to_it.tell("seat-2", "rolled_back")
    assert not left_to_it.asks("seat-3")
    assert left_to_it.rollout.go_back("companion", "1.0.2") == ""
    with pytest.raises(OperatorError, match="ask the vendor to halt it"):
        left_to_it.orders.send_back("companion", "1.0.2", "Ann")
    left_to_it.store.execute(
        "INSERT INTO notices VALUES ('companion', 'stable', 'linux-x86_64', '1.0.2', "
        "'The vendor has halted it.', 0, ?)",
        (left_to_it.site.now,),
    )
    assert "has halted" in left_to_it.rollout.go_back("companion", "1.0.2")
    assert left_to_it.orders.send_back("companion", "1.0.2", "Ann") == 1


@pytest.mark.parametrize(
    "asked",
    [
        {"rings": ["canary", "all"]}, {"rings": "all"}, {"rings": [1]}, {"rings": ["a 5%", "a"]},
        {"at_once": 0}, {"at_once": "5"}, {"quiet": -1}, {"quiet": True}, {"may_return": 1}, [],
    ],
)  # fmt: skip
def test_terms_that_no_site_could_keep_are_refused_and_never_skipped(asked: object):
    with pytest.raises(RefusedError) as error:
        read_terms({"terms": {"1.0.2": asked}})
    assert error.value.kind == "channel"


def test_terms_are_read_as_they_were_written():
    assert read_terms({"terms": {"1.0.2": TERMS.as_dict()}}) == {"1.0.2": TERMS}
    assert read_terms({}) == {}
    assert Terms().as_dict() == {}
