"""Against worked examples and tables that were published.

- the usual tables of the Erlang C formula, by erlangs and agents;
- Mitan, "The Erlang-C Formula": 360 calls in half an hour of 4 minutes each, 55 agents, 15 s;
- Call Centre Helper, "Erlang C Formula": 100 calls in half an hour of 3 minutes each, 80 % in 20 s.
"""

from __future__ import annotations

import pytest

from appliance.domain.reports.erlang import probability_of_waiting, service_level, staffing
from appliance.domain.service_level import Target


@pytest.mark.parametrize(
    ("erlangs", "agents", "probability"),
    [
        (0.5, 1, 0.5), (1, 2, 0.3333), (2, 3, 0.4444), (3, 4, 0.5094), (8, 10, 0.4092),
        (10, 11, 0.682), (10, 14, 0.174), (48, 55, 0.239),
    ],
)  # fmt: skip
def test_the_probability_of_waiting_is_that_of_the_published_tables(erlangs, agents, probability):
    assert probability_of_waiting(agents, erlangs) == pytest.approx(probability, abs=0.0005)


def test_fifty_five_agents_answer_as_the_published_example_says():
    assert service_level(55, 48, handling=240, within=15) == pytest.approx(0.846, abs=0.0005)
    found = staffing(360, 240, 1800, Target(0.846 - 0.001, 15))
    assert (found.agents, round(found.asa, 1), round(found.occupancy, 3)) == (55, 8.2, 0.873)


def test_a_hundred_calls_in_half_an_hour_need_fourteen_agents_as_published():
    found = staffing(100, 180, 1800, Target(0.8, 20), shrinkage=0.3)
    assert (found.agents, found.seats) == (14, 20)
    assert round(found.service_level, 3) == 0.888
    assert (round(found.asa, 1), round(found.occupancy, 3)) == (7.8, 0.714)


def test_agents_who_cannot_do_the_load_never_answer_in_time():
    assert (probability_of_waiting(10, 10), service_level(10, 10, 60, 20)) == (1, 0)


def test_the_least_agents_are_named_and_one_less_misses_the_target():
    for contacts in (1, 7, 40, 333, 5000):
        found = staffing(contacts, 200, 3600, Target(0.9, 10))
        erlangs = contacts * 200 / 3600
        assert service_level(found.agents, erlangs, 200, 10) >= 0.9
        assert found.agents == 1 or service_level(found.agents - 1, erlangs, 200, 10) < 0.9


def test_nobody_comes_so_nobody_is_needed():
    assert staffing(0, 200, 3600, Target()).agents == 0


def test_nobody_is_planned_to_work_without_a_breath():
    tight = staffing(1000, 300, 3600, Target(0.8, 20))
    assert tight.occupancy > 0.85
    assert staffing(1000, 300, 3600, Target(0.8, 20), most_occupancy=0.85).occupancy <= 0.85


def test_agents_with_several_at_once_are_as_many_servers_and_fewer_people():
    one = staffing(100, 180, 1800, Target(0.8, 20))
    assert staffing(100, 180, 1800, Target(0.8, 20), at_once=1) == one
    four = staffing(100, 180, 1800, Target(0.8, 20), at_once=4)
    assert four.agents == 4  # 14 servers are needed, as published; 4 agents are 16
    assert four.service_level == service_level(16, 10, 180, 20) > one.service_level
    assert four.occupancy == 10 / 16


def test_half_a_contact_is_had_by_nobody():
    assert staffing(100, 180, 1800, Target(0.8, 20), at_once=1.5).agents == 10  # 15 servers
    assert staffing(100, 180, 1800, Target(0.8, 20), at_once=2.5).agents == 6  # 15, not 14
