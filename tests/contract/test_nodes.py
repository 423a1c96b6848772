"""Leases and the nodes' signs of life, on every database."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete

from appliance.domain.nodes import Node
from appliance.ops.turn import Turn
from appliance.services.be_a_node import join, say_here
from appliance.store.database import Database
from appliance.store.leases import LeaseRow, SqlLeases
from appliance.store.nodes import NodeRow, SqlNodes
from common.errors import OperatorError
from tests.support.clock import FakeClock

ME = Node("one", "north", 8080, "visitor, desk", "1.0", "key", FakeClock().now(), FakeClock().now())


@pytest.fixture
def leases(database: Database) -> SqlLeases:
    with database.write() as session:
        session.execute(delete(LeaseRow))
    return SqlLeases(database)


@pytest.fixture
def nodes(database: Database) -> SqlNodes:
    with database.write() as session:
        session.execute(delete(NodeRow))
    return SqlNodes(database)


def turn(leases: SqlLeases, holder: str, clock: FakeClock) -> Turn:
    return Turn(leases, "work", holder, clock, 10)


def test_one_holds_it_until_its_time_is_over(leases: SqlLeases):
    clock = FakeClock()
    one, two = turn(leases, "one", clock), turn(leases, "two", clock)
    assert (one.mine(), two.mine()) == (True, False)
    clock.advance(6)
    assert (one.mine(), two.mine()) == (True, False)  # renewed
    clock.advance(9)
    assert not two.mine()
    clock.advance(2)  # the first is dead: it has not asked for its time
    assert two.mine()
    assert not one.mine()


def test_who_ends_in_order_leaves_it_to_the_next_at_once(leases: SqlLeases):
    clock = FakeClock()
    one, two = turn(leases, "one", clock), turn(leases, "two", clock)
    assert one.mine()
    two.give_back()  # not its own
    assert not two.mine()
    one.give_back()
    assert two.mine()


@pytest.mark.parametrize("there", [False, True], ids=["fresh", "run out"])
def test_of_many_who_ask_at_once_one_gets_it(leases: SqlLeases, there: bool):
    clock = FakeClock()
    if there:
        assert turn(leases, "dead", clock).mine()
        clock.advance(11)
    turns = [turn(leases, str(number), clock) for number in range(6)]
    together, got = threading.Barrier(len(turns)), []

    def ask(mine: Turn) -> None:
        together.wait(30)
        got.append(mine.mine())

    threads = [threading.Thread(target=ask, args=(one,)) for one in turns]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(got) == [False] * 5 + [True]


def test_nodes_see_each_other_until_they_leave_or_fall_silent(nodes: SqlNodes):
    clock = FakeClock()
    other = replace(ME, id="two", machine="south")
    say_here(nodes, ME, clock)
    say_here(nodes, other, clock)
    assert [one.machine for one in nodes.all()] == ["north", "south"]
    nodes.leave("one")
    (left,) = nodes.all()
    assert left.alive(clock.now())
    clock.advance(31)
    assert not left.alive(clock.now())
    clock.advance(timedelta(days=1).total_seconds())
    say_here(nodes, ME, clock)
    assert [one.id for one in nodes.all()] == ["one"]


def test_a_node_with_other_keys_does_not_begin_beside_a_living_one(nodes: SqlNodes):
    clock = FakeClock()
    join(nodes, ME, clock)
    stranger = replace(ME, id="two", machine="south", key="another")
    with pytest.raises(OperatorError, match=r"north, port 8080.*session\.key"):
        join(nodes, stranger, clock)
    assert [one.id for one in nodes.all()] == ["one"]
    clock.advance(31)
    join(nodes, stranger, clock)  # the other is gone
    assert len(nodes.all()) == 2
