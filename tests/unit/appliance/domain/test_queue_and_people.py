from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.capacity import weight_of
from appliance.domain.contact import Identity, recognise
from appliance.domain.demand import ANYBODY, Need, Rule, Step, rule_for
from appliance.domain.hours import Hours
from appliance.domain.queue import Entry, Overflow, Queue, entry
from appliance.domain.service_level import Contacts, Target, expected_wait, figures, occupancy
from appliance.domain.wrap_up import AfterWork, WrapUp

NOW = datetime(2026, 11, 20, 10, tzinfo=UTC)


def test_a_conversation_weighs_as_its_queue_says_and_else_as_is_usual():
    weights = Queue(1, "sales", weights={"chat": 10}).weights
    assert weight_of("chat", 25, weights) == 10
    assert weight_of("phone", 100, weights) == 100


@pytest.mark.parametrize(
    ("queue", "waiting", "found"),
    [
        (Queue(1, "sales", most_waiting=2), 1, Entry.TAKEN),
        (Queue(1, "sales", most_waiting=2), 2, Entry.FULL),
        (Queue(1, "sales"), 10_000, Entry.TAKEN),
        (Queue(1, "sales", hours=Hours("UTC", {})), 0, Entry.CLOSED),
        (Queue(1, "sales", hours=Hours("UTC", {}), closed_to=2), 0, Entry.ELSEWHERE),
    ],
)
def test_whether_a_queue_takes_one_more(queue, waiting, found):
    assert entry(queue, waiting, NOW) is found


@pytest.mark.parametrize(
    "make",
    [
        lambda: Queue(1, "sales", ageing=0),
        lambda: Queue(1, "sales", ring=0),
        lambda: Queue(1, "sales", overflow=Overflow(60, 1)),
        lambda: Queue(1, "sales", weights={"chat": 0}),
        lambda: Queue(1, "sales", weights={"phone": 1001}),
        lambda: WrapUp(AfterWork.TIMED),
        lambda: Target(share=0),
        lambda: Target(within=0),
        lambda: Need(skills={"french": 6}),
        lambda: Rule("late", steps=(Step(5, Need()),)),
        lambda: Rule("back", steps=(Step(0, Need()), Step(9, Need()), Step(3, Need()))),
    ],
)
def test_settings_that_cannot_work_are_refused(make):
    with pytest.raises(ValueError, match=r"must|needs|circle"):
        make()


def test_the_first_rule_with_all_its_tags_decides():
    vip = Rule("vip", frozenset({"vip"}), (Step(0, Need(frozenset({"experts"}))),))
    new = Rule("new", frozenset({"new", "web"}))
    rules = (vip, new)
    assert rule_for(rules, frozenset({"vip", "new", "web"})) is vip
    assert rule_for(rules, frozenset({"new", "web"})) is new
    assert rule_for(rules, frozenset({"new"})) is ANYBODY


def test_a_demand_relaxes_step_by_step():
    rule = Rule("f", steps=(Step(0, Need(skills={"fr": 4})), Step(30, Need(skills={"fr": 2})),
                            Step(60, Need())))  # fmt: skip
    assert [rule.step(waited) for waited in (0, 29.9, 30, 59, 60, 9999)] == [0, 0, 1, 1, 2, 2]


def test_after_call_work_holds_the_agent_unless_it_is_optional():
    assert not WrapUp().holds_the_agent
    assert WrapUp(AfterWork.MANDATORY).holds_the_agent
    assert WrapUp(AfterWork.MANDATORY).closes_at(NOW) is None
    timed = WrapUp(AfterWork.TIMED, timedelta(seconds=30))
    assert timed.closes_at(NOW) == NOW + timedelta(seconds=30)


NUMBER, MAIL = Identity("number", "+8613800000000"), Identity("address", "a@example.com")
COOKIE = Identity("cookie", "c1", sure=False)


def test_two_contacts_with_sure_identities_of_one_conversation_are_one_person():
    found = recognise([NUMBER, MAIL], {NUMBER: 7, MAIL: 3})
    assert (found.contact, found.same, found.new) == (3, (7,), ())


def test_a_shared_cookie_never_merges_two_people():
    found = recognise([MAIL, COOKIE], {MAIL: 3, COOKIE: 1})
    assert (found.contact, found.same) == (3, ())


def test_a_cookie_alone_recognises_and_a_stranger_is_new():
    assert recognise([COOKIE, MAIL], {COOKIE: 5}).contact == 5
    assert recognise([COOKIE, MAIL], {COOKIE: 5}).new == (MAIL,)
    assert recognise([MAIL, MAIL], {}).new == (MAIL,)
    assert recognise([MAIL], {}).contact is None


def test_the_figures_by_their_definitions():
    target, counted = Target(0.8, 20, 5), Contacts(handled=2, talk=200, hold=60, wrap=40)
    for wait in (5, 25):
        counted.answer(wait, target)
    for wait in (2, 60):
        counted.leave(wait, target)
    found = figures(counted)
    assert found.service_level == found.abandonment == pytest.approx(1 / 3)
    assert (found.asa, found.aht, found.longest_wait) == (15, 150, 60)
    assert (found.offered, found.answered, found.abandoned, found.short_abandoned) == (4, 2, 1, 1)


def test_who_waits_past_the_target_now_was_not_answered_in_time():
    counted = Contacts(answered=3, in_time=3)
    assert figures(counted).service_level == 1
    assert figures(counted, late=1).service_level == pytest.approx(3 / 4)
    assert figures(Contacts(), late=2).service_level == 0, "nobody was answered, and two are late"
    assert figures(counted, late=1).abandonment == 0


def test_figures_of_nothing_are_unknown_and_not_zero():
    found = figures(Contacts())
    assert (found.service_level, found.asa, found.aht) == (None, None, None)
    assert occupancy({"away": 60}) is None
    assert expected_wait(3, 0, 120) is None


def test_occupancy_leaves_out_who_is_away_and_counts_what_rings_as_work():
    assert occupancy({"busy": 60, "offered": 15, "available": 25, "away": 900}) == 0.75


def test_the_expected_wait_grows_with_those_ahead():
    assert [expected_wait(n, 2, 120) for n in range(3)] == [60, 120, 180]
