"""A release on its way through the rings of a site, on the real database."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from common.errors import OperatorError
from tests.support.site import crash
from tests.unit.comm_server.rollout.world import RolloutWorld

SEATS = [f"seat-{n}" for n in range(1, 11)]


@pytest.fixture
def ringed(world: RolloutWorld) -> RolloutWorld:
    """Ten seats; seat-1 and seat-2 are the canary, seat-3 the desk."""
    world.settings(rings=("canary", "desk", "all"), at_once=50, enough=100, quiet=600.0)
    world.join(*SEATS)
    for seat in ("seat-1", "seat-2"):
        world.orders.set_ring(seat, "canary", "Ann")
    world.orders.set_ring("c-seat-3", "desk", "Ann")
    world.ship("1.0.2")
    return world


def open_all(world: RolloutWorld) -> None:
    world.install("seat-1", "seat-2")
    world.pass_time(seconds=601)
    world.install("seat-3")
    world.pass_time(seconds=601)
    assert world.row()["ring"] == 2


def test_a_release_is_with_the_canary_first(ringed: RolloutWorld):
    assert ringed.asks("seat-1")
    assert "comes later" in ringed.why("seat-4")
    assert not ringed.asks("seat-4", step="fetch")
    assert ringed.said() == ["ring_set", "ring_set", "ring_set", "begins"]


def test_the_next_ring_opens_after_enough_receipts_and_a_quiet_time(ringed: RolloutWorld):
    ringed.install("seat-1")
    ringed.pass_time(hours=5)
    assert not ringed.asks("seat-3")
    ringed.install("seat-2")
    ringed.pass_time(seconds=599)
    assert not ringed.asks("seat-3")
    before = len(ringed.hints())
    ringed.pass_time(seconds=1)
    assert ringed.asks("seat-3")
    assert not ringed.asks("seat-4")
    (hint,) = ringed.hints()[before:]
    assert json.loads(hint) == {"product": "companion", "version": "1.0.2"}


def test_a_ring_without_clients_is_passed_by(world: RolloutWorld):
    world.settings(rings=("canary", "all"), at_once=100)
    world.join("seat-1")
    world.ship("1.0.2")
    assert world.said() == ["begins", "empty"]
    assert world.asks("seat-1")


def test_who_has_long_been_silent_is_not_waited_for(ringed: RolloutWorld):
    ringed.install("seat-1")
    ringed.site.clock.advance(hours=1)
    ringed.heard("seat-1", "seat-3", version="1.0.2")
    ringed.rollout.run_once()
    assert ringed.row()["ring"] == 1


def test_no_more_than_the_share_of_a_ring_is_at_it_at_once(ringed: RolloutWorld):
    open_all(ringed)
    rest = SEATS[3:]
    let = [seat for seat in rest if ringed.asks(seat)]
    assert len(let) == 3  # half of seven
    assert "which is as many as may be" in ringed.why(rest[-1])
    assert ringed.asks(let[0])  # it has its place already
    assert ringed.asks(rest[-1], step="fetch")
    ringed.tell(let[0])
    assert ringed.asks(rest[-1])


def test_clients_that_ask_at_the_same_moment_share_the_places(ringed: RolloutWorld):
    open_all(ringed)
    with ThreadPoolExecutor(7) as pool:
        assert sum(pool.map(ringed.asks, SEATS[3:])) == 3


def test_asking_whether_it_may_drain_takes_no_place(ringed: RolloutWorld):
    assert ringed.asks("seat-1", step="ready")
    assert ringed.asks("seat-2", step="ready")
    assert ringed.store.value("SELECT count(*) FROM rollout_turns") == 0
    assert ringed.asks("seat-1")
    assert not ringed.asks("seat-2", step="ready")


def test_a_place_is_free_again_when_its_client_dropped_the_release(ringed: RolloutWorld):
    assert ringed.asks("seat-1")
    ringed.site.clock.advance(60)
    ringed.heard("seat-1", state="probation")
    assert not ringed.asks("seat-2")
    ringed.heard("seat-1", state="idle")
    assert ringed.asks("seat-2")


def test_a_client_missing_after_the_switch_halts_it(ringed: RolloutWorld):
    assert ringed.asks("seat-1")
    ringed.site.clock.advance(899)
    ringed.heard("seat-2")
    ringed.rollout.run_once()
    assert ringed.rollout.halts() == []
    ringed.site.clock.advance(2)
    ringed.rollout.run_once()
    (halt,) = ringed.rollout.halts()
    assert "not heard from after they switched to 1.0.2, the first is seat-1" in halt["reason"]


def test_a_resumed_release_is_not_halted_again_by_the_same_missing_client(ringed: RolloutWorld):
    assert ringed.asks("seat-1")
    ringed.site.clock.advance(1000)
    ringed.rollout.run_once()
    ringed.orders.resume("companion", "1.0.2", "Ann")
    ringed.site.clock.advance(5)
    ringed.rollout.run_once()
    assert ringed.rollout.halts() == []
    assert ringed.asks("seat-2")


def test_a_new_problem_in_its_own_reports_halts_it(ringed: RolloutWorld):
    ringed.site.report(crash(1, release="companion@1.0.0"))
    ringed.rollout.run_once()
    ringed.install("seat-1")
    ringed.site.clock.advance(5)
    ringed.site.report(crash(2, release="companion@1.0.2"))  # known from the release before
    ringed.site.report(crash(3, release="companion@1.0.2", kind="NewError", level="warning"))
    ringed.rollout.run_once()
    assert ringed.rollout.halts() == []
    ringed.site.report(crash(4, release="companion@1.0.2", kind="KeyError"))
    ringed.rollout.run_once()
    (halt,) = ringed.rollout.halts()
    assert halt["reason"].startswith("1 new problem(s) appeared with 1.0.2: KeyError")
    assert not ringed.asks("seat-2")


def test_a_problem_that_came_back_with_it_halts_it(ringed: RolloutWorld):
    from comm_server.mail.ack_source import Statement

    ringed.site.report(crash(1, release="companion@1.0.0"))
    fingerprint = ringed.store.value("SELECT fingerprint FROM problems")
    said = Statement(resolved=(("companion", fingerprint, "companion@1.0.1"),), as_of=1)
    ringed.site.parts.courier.heard(said)
    ringed.site.clock.advance(5)
    ringed.site.report(crash(2, release="companion@1.0.2"))
    ringed.rollout.run_once()
    assert len(ringed.rollout.halts()) == 1


def test_more_errors_than_before_halt_it(world: RolloutWorld):
    world.settings(rings=("all",), at_once=100, most_new_problems=0, least_errors=10)
    world.join(*SEATS)
    world.site.clock.advance(hours=24)
    # 240 client-hours with one error each of a kind known before.
    world.site.report(*(crash(n, release="companion@1.0.0") for n in range(1, 25)))
    world.site.clock.advance(hours=1)
    world.heard(*SEATS)
    world.ship("1.0.2")
    world.install("seat-1", "seat-2")
    world.pass_time(hours=2)
    world.site.report(*(crash(n, release="companion@1.0.2") for n in range(100, 109)))
    world.rollout.run_once()
    assert world.rollout.halts() == []
    world.site.report(crash(200, release="companion@1.0.2"))
    world.rollout.run_once()
    (halt,) = world.rollout.halts()
    assert halt["reason"] == "1.0.2 reported 10 errors, where 0.4 would have been as before."


def test_as_many_errors_as_before_are_no_reason(world: RolloutWorld):
    world.settings(rings=("all",), at_once=100, most_new_problems=0, least_errors=10)
    world.join("seat-1")
    world.site.clock.advance(hours=1)
    world.site.report(*(crash(n, release="companion@1.0.0") for n in range(1, 25)))
    world.site.clock.advance(hours=1)
    world.heard("seat-1")
    world.ship("1.0.2")
    world.install("seat-1")
    world.pass_time(hours=1)
    world.site.report(*(crash(n, release="companion@1.0.2") for n in range(100, 125)))
    world.rollout.run_once()
    assert world.rollout.halts() == []


def test_a_ring_waits_for_a_person_who_lets_it_open(world: RolloutWorld):
    world.settings(rings=("canary 10%", "all approve"), at_once=100, quiet=0.0)
    world.join("seat-1", "seat-2")
    world.orders.set_ring("seat-1", "canary", "Ann")
    world.ship("1.0.2")
    world.install("seat-1")
    world.pass_time(hours=9)
    assert not world.asks("seat-2")
    assert world.orders.approve("companion", "1.0.2", "Ann") == "all"
    assert world.asks("seat-2")
    assert world.said()[-2:] == ["approved", "widens"]
    assert world.rollout.decisions()[1]["person"] == "Ann"


def test_an_approval_given_early_waits_for_the_receipts(world: RolloutWorld):
    world.settings(rings=("canary 10%", "all approve"), quiet=0.0)
    world.join("seat-1", "seat-2")
    world.orders.set_ring("seat-1", "canary", "Ann")
    world.ship("1.0.2")
    world.orders.approve("companion", "1.0.2", "Ann")
    assert not world.asks("seat-2")
    world.install("seat-1")
    world.pass_time(seconds=1)
    assert world.asks("seat-2")


def test_a_person_may_open_the_next_ring_without_waiting_and_no_further_one(ringed: RolloutWorld):
    ringed.orders.approve("companion", "1.0.2", "Ann", at_once=True)
    assert ringed.asks("seat-3")
    assert not ringed.asks("seat-4")


def test_what_is_halted_is_not_approved(ringed: RolloutWorld):
    ringed.tell("seat-1", "failed")
    for at_once in (False, True):
        with pytest.raises(OperatorError, match="is halted"):
            ringed.orders.approve("companion", "1.0.2", "Ann", at_once=at_once)


def test_a_held_rollout_lets_nobody_begin_until_it_is_resumed(ringed: RolloutWorld):
    ringed.orders.hold("companion", "1.0.2", "Ann")
    assert "Ann holds the rollout until it is resumed" in ringed.why("seat-1")
    ringed.pass_time(days=3)
    assert not ringed.asks("seat-1", step="fetch")
    assert ringed.orders.resume("companion", "1.0.2", "Bea")
    assert ringed.asks("seat-1")


def test_a_hold_with_an_end_ends(ringed: RolloutWorld):
    ringed.orders.hold("companion", "1.0.2", "Ann", hours=2)
    ringed.pass_time(minutes=119)
    assert not ringed.asks("seat-1")
    ringed.pass_time(minutes=2)
    assert ringed.asks("seat-1")


@pytest.mark.parametrize("hours", [0, -1, 10_000])
def test_a_hold_that_cannot_be_is_refused(ringed: RolloutWorld, hours: float):
    with pytest.raises(OperatorError, match="held for"):
        ringed.orders.hold("companion", "1.0.2", "Ann", hours=hours)


def test_a_newer_release_ends_the_rollout_of_the_old_one(ringed: RolloutWorld):
    ringed.ship("1.0.3")
    assert ringed.row()["done_at"] is not None
    assert ringed.row("1.0.3")["done_at"] is None
    assert "superseded" in ringed.said()


def test_a_release_is_done_after_it_was_watched(world: RolloutWorld):
    world.settings(rings=("all",), at_once=100, watch=3600.0)
    world.join("seat-1", "seat-2")
    world.ship("1.0.2")
    world.install("seat-1", "seat-2")
    world.pass_time(minutes=59)
    assert world.row()["done_at"] is None
    world.pass_time(minutes=2)
    assert world.row()["done_at"] is not None
    assert world.said()[-1] == "done"
    world.join("seat-3")
    assert world.asks("seat-3")


def test_each_channel_goes_through_the_rings_by_itself(world: RolloutWorld):
    world.settings(rings=("canary 10%", "all"), at_once=100)
    world.join("lab", channel="test")
    world.join("seat-1", "seat-2")
    world.ship("1.0.2", channel="test")
    world.install("lab")
    world.pass_time(hours=2)
    assert "not on the channel" in world.why("seat-1") or "not reached" in world.why("seat-1")
    world.ship("1.0.2")
    assert [world.asks("seat-1"), world.asks("seat-2")].count(True) == 1


def test_a_rollout_keeps_the_rings_it_began_with(ringed: RolloutWorld):
    ringed.settings(rings=("all",))
    assert not ringed.asks("seat-4")


def test_a_window_holds_the_switch_and_not_the_download(ringed: RolloutWorld):
    from common.window import Window

    ringed.orders.set_window(Window("0 20 * * *", 60, "UTC"), "Ann")  # it is 09:00
    assert ringed.asks("seat-1", step="fetch")
    assert not ringed.asks("seat-1", step="ready")
    assert "Programs may be restarted again from" in ringed.why("seat-1")
    ringed.site.clock.advance(hours=11)
    ringed.heard(*SEATS)
    assert ringed.asks("seat-1")


def test_a_ring_may_have_a_window_of_its_own(ringed: RolloutWorld):
    from common.window import Window

    ringed.settings(rings=("canary", "desk", "all"), window="0 20 * * *", window_zone="UTC")
    assert not ringed.asks("seat-1")
    ringed.orders.set_window(Window("", 60), "Ann", ring="canary")  # at any time
    assert ringed.asks("seat-1")
    assert [w["ring"] for w in ringed.orders.windows()] == ["canary"]
    ringed.orders.set_window(None, "Ann", ring="canary")
    assert not ringed.asks("seat-2")


@pytest.mark.parametrize("ring", ["nowhere", "canary 10%"])
def test_a_ring_that_is_not_there_is_refused(ringed: RolloutWorld, ring: str):
    with pytest.raises(OperatorError, match="There is no ring"):
        ringed.orders.set_ring("seat-1", ring, "Ann")


def test_a_client_that_is_not_there_is_refused(ringed: RolloutWorld):
    with pytest.raises(OperatorError, match="There is no client"):
        ringed.orders.set_ring("seat-99", "canary", "Ann")


def test_a_halt_sends_nobody_back_unless_it_was_asked(ringed: RolloutWorld):
    ringed.tell("seat-1", "failed")
    assert ringed.rollout.go_back("companion", "1.0.2") == ""
    assert ringed.orders.send_back("companion", "1.0.2", "Ann") == 0
    assert "did not hold" in ringed.rollout.go_back("companion", "1.0.2")


def test_a_site_that_returns_on_a_halt_tells_its_clients_to(ringed: RolloutWorld):
    ringed.settings(rings=("canary", "desk", "all"), on_halt="return")
    ringed.install("seat-1")
    before = len(ringed.hints())
    ringed.tell("seat-2", "rolled_back")
    assert "did not hold on seat-2" in ringed.rollout.go_back("companion", "1.0.2")
    assert len(ringed.hints()) == before + 1
    assert ringed.rollout.go_back("companion", "1.0.0") == ""
    ringed.site.clock.advance(1)
    ringed.orders.resume("companion", "1.0.2", "Ann")
    assert ringed.rollout.go_back("companion", "1.0.2") == ""


def test_an_order_to_return_halts_and_counts_who_runs_it(ringed: RolloutWorld):
    ringed.install("seat-1", "seat-2")
    assert ringed.orders.send_back("companion", "1.0.2", "Ann") == 2
    assert not ringed.asks("seat-3", step="fetch")
    ringed.tell("seat-1", "returned")
    assert ringed.said()[-1] == "sent_back"  # an ordered return blames nobody


def test_what_is_not_here_cannot_be_ordered(ringed: RolloutWorld):
    for order in (ringed.orders.hold, ringed.orders.approve, ringed.orders.send_back):
        with pytest.raises(OperatorError, match="is not at this site"):
            order("companion", "9.9.9", "Ann")


def test_a_server_that_was_killed_goes_on_where_it_was(ringed: RolloutWorld):
    """Nothing is remembered but in the database: a second service reads the same."""
    from comm_server.parts import create_parts

    ringed.install("seat-1")
    assert ringed.asks("seat-2")
    again = create_parts(clock=ringed.site.clock)
    try:
        assert again.rollout.decide("c-seat-2", "companion", "1.0.2", "switch")[0]
        assert not again.rollout.decide("c-seat-4", "companion", "1.0.2", "fetch")[0]
    finally:
        again.close()


def test_200_clients_are_decided_on_the_whole_database(world: RolloutWorld):
    world.settings(rings=("canary 5%", "all"), at_once=25, quiet=0.0)
    world.join(*(f"seat-{n}" for n in range(200)))
    world.ship("1.0.2")
    waiting, rounds = [f"seat-{n}" for n in range(200)], 0
    while waiting:
        let = [seat for seat in waiting if world.asks(seat)]
        assert 0 < len(let) <= 2 + 47  # a quarter of the canary, and of the others
        for seat in let:
            world.tell(seat)
        waiting = [seat for seat in waiting if seat not in let]
        world.pass_time(seconds=1)
        rounds += 1
    assert rounds >= 5
    assert world.store.value("SELECT count(*) FROM receipts") == 200


def test_a_critical_release_that_waited_long_enough_needs_no_window(ringed: RolloutWorld):
    from common.window import Window

    ringed.orders.set_window(Window("0 20 * * *", 60, "UTC"), "Ann")
    about = ("companion", "1.0.2", "switch")
    assert not ringed.rollout.decide("c-seat-1", *about)[0]
    assert ringed.rollout.decide("c-seat-1", *about, urgent=True)[0]
    assert not ringed.rollout.decide("c-seat-4", *about, urgent=True)[0]  # nor its ring


def notice(world: RolloutWorld, sentence: str = "The vendor has halted companion 1.0.2: x") -> None:
    world.store.execute(
        "INSERT INTO notices (product, channel, platform, version, sentence, withdrawn, at) "
        "VALUES ('companion', 'stable', 'linux-x86_64', '1.0.2', ?, 0, ?)",
        (sentence, world.site.now),
    )


def test_the_vendors_word_against_a_release_halts_it_until_it_is_taken_back(ringed: RolloutWorld):
    ringed.install("seat-1")
    notice(ringed)
    ringed.rollout.run_once()
    assert ringed.why("seat-2") == "The vendor has halted companion 1.0.2: x"
    ringed.orders.approve("companion", "1.0.2", "Ann", at_once=True)
    ringed.pass_time(hours=1)
    assert ringed.row()["ring"] == 0
    assert ringed.rollout.go_back("companion", "1.0.2") == ""
    ringed.store.execute("DELETE FROM notices")
    assert ringed.asks("seat-2")


def test_a_site_that_returns_on_a_halt_does_so_on_the_vendors_word_too(ringed: RolloutWorld):
    ringed.settings(rings=("canary", "desk", "all"), on_halt="return")
    notice(ringed)
    assert "The vendor has halted" in ringed.rollout.go_back("companion", "1.0.2")


def test_the_vendor_hears_of_a_halt_at_once(ringed: RolloutWorld):
    from comm_server.outbox import oldest_urgent

    ringed.site.bundle()
    ringed.asks("seat-1")
    ringed.site.clock.advance(1000)
    ringed.rollout.run_once()  # missing after the switch
    assert oldest_urgent(ringed.store) == ringed.rollout.halts()[0]["at"]
    ringed.site.clock.advance(1)
    number = ringed.site.bundle()
    assert oldest_urgent(ringed.store) is None
    (told,) = ringed.site.opened(number).bundle.manifest["rollouts"]
    assert (told["state"], told["rings"][0]["missing"]) == ("halted", 1)
    assert "seat-1" in told["sentence"]


def test_the_first_release_that_a_site_ever_runs_has_no_new_problems(world: RolloutWorld):
    """Whatever fails then was not better before; and the next client must get it all the same."""
    world.settings(rings=("all",), at_once=100, least_errors=1)
    world.join("seat-1", "seat-2", release="")
    world.store.execute("UPDATE client_programs SET release = NULL")
    world.site.clock.advance(hours=2)
    world.heard("seat-1", "seat-2", version="")
    world.store.execute("UPDATE client_programs SET release = NULL")
    world.ship("1.0.2")
    world.install("seat-1")
    world.site.report(crash(1, release="companion@1.0.2"), crash(2, release="companion@1.0.2"))
    world.rollout.run_once()
    assert world.rollout.halts() == []
    assert world.asks("seat-2")
