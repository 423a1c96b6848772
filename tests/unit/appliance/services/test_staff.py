"""How many people hours need, from sums that are made here."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta

import pytest

from appliance.domain.queue import Queue
from appliance.domain.records import Agent
from appliance.domain.reports.book import Filter
from appliance.domain.reports.periods import Span
from appliance.domain.service_level import Contacts, Target
from appliance.services.staff import at_once, staff

NINE = datetime(2026, 6, 1, 9, tzinfo=UTC)  # a Monday
WEEK_AFTER = date(2026, 6, 8)


class Sheet:
    """A book with these rows."""

    def __init__(self, rows: Mapping[tuple[datetime, int, str], Contacts]) -> None:
        self._rows = rows

    def contacts(self, _span: Span, only: Filter) -> Mapping[tuple[datetime, int, str], Contacts]:
        return {key: row for key, row in self._rows.items() if only.queue in {None, key[1]}}


def plan(
    rows: Mapping[tuple[datetime, int, str], Contacts], queue: int = 1, weeks: int = 1, **more
):
    return staff(
        Sheet(rows), queue, Target(), today=WEEK_AFTER, weeks=weeks, zone="UTC", shrinkage=0.0,
        most_occupancy=1.0, **more,
    )  # fmt: skip


def test_who_overflowed_counts_where_they_were_answered_and_nowhere_else():
    rows = {
        (NINE, 1, "phone"): Contacts(arrived=30, answered=10, handled=10, talk=3000),
        (NINE, 2, "phone"): Contacts(arrived=20, answered=20, handled=20, talk=6000),
    }
    assert [one.contacts for queue in (1, 2) for one in plan(rows, queue)] == [10, 20]


def test_who_left_while_they_waited_counts_and_who_left_at_once_does_not():
    row = Contacts(arrived=16, answered=10, abandoned=6, short=2, handled=10, talk=3000)
    assert [one.contacts for one in plan({(NINE, 1, "phone"): row})] == [14]


def test_a_queue_that_is_new_has_no_mean_over_weeks_in_which_it_was_not_there():
    came = Contacts(answered=10, handled=10, talk=3000)
    assert [one.contacts for one in plan({(NINE, 1, "phone"): came}, weeks=4)] == [10]
    week_before = NINE - timedelta(days=6)  # its Mondays are one, its Tuesdays are two
    rows = {(NINE, 1, "phone"): came, (week_before, 1, "phone"): came}
    assert [(one.weekday, one.contacts) for one in plan(rows, weeks=4)] == [(0, 10), (1, 5)]


def test_the_chats_of_an_hour_need_the_agents_who_have_them_at_the_same_time():
    queue = Queue(1, "sales", weights={"mail": 60})
    agents = [
        Agent(1, "Anna", queues=frozenset({1})),
        Agent(2, "Bo", queues=frozenset({1}), capacity=200),
        Agent(3, "Cy", queues=frozenset({1}), capacity=10),  # takes none
        Agent(4, "Di", queues=frozenset({2}), capacity=1000),
    ]
    together = at_once(queue, agents, {"chat": 25})
    assert {one: together(one) for one in ("phone", "chat", "mail")} == {
        "phone": 1.5, "chat": 6, "mail": 2,
    }  # fmt: skip
    rows = {
        (NINE, 1, "phone"): Contacts(answered=60, handled=60, talk=60 * 180),
        (NINE, 1, "chat"): Contacts(answered=60, handled=60, talk=60 * 600),
    }
    (alone,) = plan(rows)
    (both,) = plan(rows, together=lambda channel: 4 if channel == "chat" else 1)
    # Three calls and ten chats in progress take 3 + 10 / 4 agents.
    assert both.at_once == pytest.approx(13 / 5.5)
    assert both.needs.agents < alone.needs.agents
    assert (alone.at_once, both.contacts) == (1, 120)


def test_nobody_was_handled_so_there_is_no_plan():
    assert plan({(NINE, 1, "phone"): Contacts(arrived=3, abandoned=3)}) == []
