from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from appliance.domain.agent_state import Said
from appliance.domain.hours import Hours, always
from appliance.domain.reports.book import Filter
from appliance.domain.reports.periods import Interval, Span
from appliance.domain.service_level import Target
from appliance.services import talk
from appliance.services.answer_offer import accept_offer
from appliance.services.presence import say
from appliance.services.rate import rate
from appliance.services.set_queue import told
from appliance.services.wall import Alert, wall
from appliance.store.counting import count_events
from appliance.store.report_models import StandingRow
from appliance.store.reports import SqlBook, forget_reports
from tests.contract.floor.house import House


def book(house: House) -> SqlBook:
    return SqlBook(house.database, house.clock)


def span(house: House, interval: Interval = Interval.TOTAL) -> Span:
    today = house.clock.now().date()
    return Span(today - timedelta(days=1), today + timedelta(days=1), "UTC", interval)


def serve(house: House, who: str, wait: float, talk_time: float) -> int:
    """Somebody comes, is answered after ``wait`` seconds, and spoken with."""
    one = house.come(who).conversation.id
    house.clock.advance(seconds=wait)
    ((_, agent),) = house.offer()
    house.do(accept_offer, one, agent)
    house.clock.advance(seconds=talk_time)
    house.do(talk.end, one, agent)
    house.do(talk.close, one, agent)
    return agent


def leave(house: House, wait: float) -> None:
    """Somebody comes, and leaves after ``wait`` seconds."""
    one = house.come().conversation.id
    house.clock.advance(seconds=wait)
    house.do(talk.leave, one)


def told_now(house: House) -> tuple:
    contacts = book(house).contacts(span(house), Filter())
    agents = book(house).agents(span(house), Filter())
    aways = book(house).aways(span(house), Filter())
    return contacts, agents, aways


@pytest.fixture
def busy(house: House) -> House:
    house.ready(*house.agents)
    serve(house, "ann", 10, 120)
    leave(house, 3)
    leave(house, 60)
    serve(house, "ben", 30, 60)
    house.do(say, house.agents[2], Said.STEP_AWAY)
    house.clock.advance(seconds=1000)
    house.do(say, house.agents[2], Said.READY)
    return house


def test_the_sums_are_true_before_between_and_after_counting(busy):
    fresh = told_now(busy)
    count_events(busy.floor, batch=3)
    assert told_now(busy) == fresh
    ((key, counted),) = fresh[0].items()
    assert key[1:] == (busy.sales, "chat")
    assert (counted.answered, counted.in_time, counted.abandoned, counted.short) == (2, 1, 2, 1)
    assert (counted.handled, counted.talk) == (2, 180)
    assert {key[1]: one.away for key, one in fresh[2].items()} == {"": 1000}


def test_nothing_is_kept_for_ever_of_a_conversation_that_is_rated_after_its_end(busy):
    ended = busy.come("cem").conversation.id
    ((_, agent),) = busy.offer()
    busy.do(accept_offer, ended, agent)
    busy.do(talk.end, ended, agent)
    busy.do(talk.close, ended, agent)
    busy.do(rate, ended, 5, "")
    count_events(busy.floor, batch=1)
    with busy.database.read() as session:
        assert set(session.scalars(select(StandingRow.kind))) == {"agent"}


def test_counting_again_counts_nothing_twice(busy):
    count_events(busy.floor)
    kept = told_now(busy)
    assert count_events(busy.floor) == 0
    assert told_now(busy) == kept


def test_killed_while_counting_it_goes_on_where_it_was(busy, monkeypatch):
    from appliance.store import counting

    kept, keep = told_now(busy), counting._keep

    def killed(*arguments):
        keep(*arguments)  # the sums are written, how far it counted is not
        raise ZeroDivisionError

    monkeypatch.setattr(counting, "_keep", killed)
    with pytest.raises(ZeroDivisionError):
        count_events(busy.floor)
    monkeypatch.undo()
    assert told_now(busy) == kept
    count_events(busy.floor)
    assert told_now(busy) == kept


def test_what_goes_on_now_is_in_the_agents_times(busy):
    count_events(busy.floor)
    before = sum(one.available for one in told_now(busy)[1].values())
    busy.clock.advance(seconds=100)
    assert sum(one.available for one in told_now(busy)[1].values()) == before + 300


def test_the_live_figures_are_those_of_the_report(busy):
    begin = datetime.combine(busy.clock.now().date(), datetime.min.time(), UTC)
    queues, agents = book(busy).since(begin - timedelta(days=1), begin - timedelta(days=1))
    contacts, times, _aways = told_now(busy)
    assert list(queues.values()) == list(contacts.values())
    assert {key[1]: one for key, one in times.items()} == agents


def test_the_level_of_this_moment_counts_who_waits_past_the_target_and_alarms(house):
    house.change_queue(house.sales, target=Target(0.8, 20, 1))
    house.ready(house.agents[0])
    serve(house, "in time", 1, 1)
    house.do(say, house.agents[0], Said.STEP_AWAY)
    for who in ("a", "b"):
        house.come(who)
    house.clock.advance(20)
    board = wall(house.floor, book(house), "UTC").together
    assert board.now.service_level == 1, "nobody is late yet"
    house.clock.advance(1)
    seen = wall(house.floor, book(house), "UTC")
    assert seen.together.now.service_level == pytest.approx(1 / 3)
    assert seen.together.today.service_level == 1, "a report counts them when they are answered"
    (sales,) = [one for one in seen.queues if one.queue and one.queue.id == house.sales]
    assert Alert.SERVICE_LEVEL in sales.alerts


def test_a_message_left_by_night_is_late_from_the_opening_on(house):
    week = {day: spans for day, spans in always("UTC").week.items() if day == 6}
    house.change_queue(house.sales, hours=Hours("UTC", week), target=Target(0.8, 20, 1))
    left = house.come(leaves_message=True)
    assert left.opens_at is not None
    house.clock.advance((left.opens_at - house.clock.now()).total_seconds() + 20)
    board = wall(house.floor, book(house), "UTC").together
    assert (board.now.service_level, board.waits_since) == (None, left.opens_at)
    house.clock.advance(1)
    assert wall(house.floor, book(house), "UTC").together.now.service_level == 0


def test_a_report_of_one_queue_channel_or_agent_holds_nothing_else(busy):
    assert not book(busy).contacts(span(busy), Filter(queue=busy.support))
    assert not book(busy).contacts(span(busy), Filter(channel="phone"))
    (key,) = book(busy).agents(span(busy), Filter(agent=busy.agents[1]))
    assert key[1] == busy.agents[1]


def test_rows_by_hour_add_up_to_the_day(busy):
    count_events(busy.floor)
    by_hour = book(busy).contacts(span(busy, Interval.HOUR), Filter())
    (whole,) = book(busy).contacts(span(busy), Filter()).values()
    assert sum(one.answered for one in by_hour.values()) == whole.answered
    assert list(by_hour) == sorted(by_hour)


def test_the_hour_that_comes_twice_has_two_rows(house):
    house.clock.jump(datetime(2026, 10, 25, 0, 30, tzinfo=UTC))  # 02:30 of summer in Berlin
    house.ready(house.agents[0])
    serve(house, "ann", 10, 60)
    house.clock.advance(hours=1)
    serve(house, "ben", 30, 60)
    day = house.clock.now().date()
    asked = Span(day, day, "Europe/Berlin", Interval.HOUR)
    for _ in ("on the way", "kept"):
        found = book(house).contacts(asked, Filter())
        assert [(key[0].isoformat(), one.waited) for key, one in found.items()] == [
            ("2026-10-25T02:00:00+02:00", 10), ("2026-10-25T02:00:00+01:00", 30),
        ]  # fmt: skip
        count_events(house.floor)


def test_a_queues_own_threshold_is_counted_by(house):
    house.change_queue(house.sales, target=Target(0.8, 60, 1))
    house.floor.write(
        lambda work: work.tell("queue.set", who="system", queue=house.sales,
                               data=told(work.queue(house.sales)))
    )  # fmt: skip
    house.ready(*house.agents)
    serve(house, "ann", 45, 10)
    (counted,) = told_now(house)[0].values()
    assert (counted.answered, counted.in_time) == (1, 1)


def test_old_sums_go_and_newer_ones_stay(busy):
    count_events(busy.floor)
    forget_reports(busy.database, busy.clock.now() - timedelta(days=1))
    assert told_now(busy)[0]
    forget_reports(busy.database, busy.clock.now() + timedelta(days=1))
    assert not told_now(busy)[0]
