from __future__ import annotations

from dataclasses import replace

from appliance.domain.demand import Need, Rule, Step
from appliance.domain.routing import Policy, Seat, Snapshot, Waiting
from appliance.domain.try_out import try_out

QUEUE = 1
FRENCH = Rule("french", steps=(Step(0, Need(skills={"fr": 3})), Step(30, Need())))


def asked(seats, waited=0.0, policy=None, **more):
    one = Waiting(99, QUEUE, 1000 - waited, weight=25, **more)
    return try_out(Snapshot(1000, seats, [], {QUEUE: policy or Policy()}), one)


def seat(agent, **more):
    return Seat(agent, frozenset({QUEUE}), idle_since=float(agent), **more)


def told(found):
    return [(one.agent, one.place, one.word) for one in found.choices]


def test_everybody_who_would_do_is_named_in_routings_own_order():
    found = asked([seat(3, load=25), seat(2), seat(1)])
    assert told(found) == [(1, 1, "longest_idle"), (2, 2, "next"), (3, 3, "next")]


def test_of_the_others_it_says_what_they_lack():
    seats = [
        replace(seat(1), queues=frozenset()), seat(2, available=False), seat(3, free=False),
        seat(4, load=90), seat(5, skills={"fr": 2}), seat(6, skills={"fr": 3}),
    ]  # fmt: skip
    seats = [one if one.agent in {1, 5} else replace(one, skills={"fr": 3}) for one in seats]
    found = asked(seats, rule=FRENCH)
    assert told(found) == [
        (6, 1, "only_one"), (1, None, "not_in_queue"), (2, None, "not_available"),
        (3, None, "not_free"), (4, None, "no_capacity"), (5, None, "skill"),
    ]  # fmt: skip
    assert found.choices[-1].blanks == {"skill": "fr", "level": 3, "has": 2}
    assert (found.rule, found.step) == ("french", 1)


def test_later_the_rule_asks_for_less():
    found = asked([seat(1)], waited=31, rule=FRENCH)
    assert told(found) == [(1, 1, "only_one")]
    assert found.step == 2


def test_a_closed_queue_asks_nobody_and_says_so():
    assert asked([seat(1)], policy=Policy(open=False)).holds == "closed"


def test_waiting_for_the_last_agent_is_said():
    found = asked([seat(1), seat(2, load=100)], policy=Policy(sticky=60), last_agent=2)
    assert found.holds == "waits_for_last_agent"
    assert (1, None, "could") in told(found)
