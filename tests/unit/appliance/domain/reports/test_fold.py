from __future__ import annotations

import random
from collections import Counter
from dataclasses import asdict
from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.reports.fold import Fact, Standing, fold, running
from appliance.domain.reports.sums import QUARTER, Sums, Times
from appliance.domain.service_level import Contacts

BEGIN = datetime(2026, 11, 20, 10, 14, tzinfo=UTC)  # a minute before a quarter-hour ends
SALES, SUPPORT, ANNA, BO = 1, 2, 7, 8


class Day:
    """A day's events, as they are written in one line each."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []

    def at(self, seconds, kind, conversation=None, agent=None, queue=SALES, **data):
        moment = BEGIN + timedelta(seconds=seconds)
        if kind.startswith("conversation."):
            data = {"channel": "chat", **data}
        self.facts.append(Fact(moment, kind, conversation, agent, queue, data))
        return self

    def come(self, seconds, conversation, queue=SALES, **data):
        return self.at(seconds, "conversation.queue", conversation, queue=queue,
                       state="queued", **data)  # fmt: skip

    def answer(self, seconds, conversation, agent=ANNA):
        return self.at(seconds, "conversation.accept", conversation, agent, state="active")

    def end(self, seconds, conversation, agent=ANNA, wrap=0):
        self.at(seconds, "conversation.end", conversation, agent, state="wrap_up")
        return self.at(seconds + wrap, "conversation.close", conversation, agent, state="closed")

    def told(self) -> Contacts:
        return total(fold(self.facts, Standing()))


def total(sums: Sums, queue: int = SALES) -> Contacts:
    together = Contacts()
    for (_at, of, _channel), contacts in sums.contacts.items():
        if of == queue:
            together.add(contacts)
    return together


def of(sums: Sums, agent: int) -> Times:
    together = Times()
    for (_at, who), times in sums.agents.items():
        if who == agent:
            together.add(times)
    return together


def test_a_handled_chat_is_counted_where_its_wait_and_its_work_end():
    day = Day().come(0, 1).answer(15, 1)
    day.at(45, "conversation.hold", 1, ANNA, state="held")
    day.at(75, "conversation.resume", 1, ANNA, state="active").end(115, 1, wrap=20)
    sums = fold(day.facts, Standing())
    first, second = sorted({at for at, _queue, _channel in sums.contacts})
    assert second - first == QUARTER
    assert asdict(sums.contacts[first, SALES, "chat"]) == asdict(
        Contacts(arrived=1, answered=1, in_time=1, waited=15, longest=15)
    )
    assert asdict(sums.contacts[second, SALES, "chat"]) == asdict(
        Contacts(handled=1, talk=70, hold=30, wrap=20)
    )


def test_an_agents_time_is_where_it_was_spent():
    day = Day().at(0, "agent.ready", agent=ANNA, presence="available").come(0, 1)
    day.at(10, "conversation.offer", 1, ANNA, state="offered").answer(20, 1).end(80, 1, wrap=30)
    standing = Standing()
    sums = fold(day.facts, standing)
    sums.add(running(standing, BEGIN + timedelta(seconds=150)))
    parts = [sums.agents[at, ANNA] for at in sorted({at for at, _agent in sums.agents})]
    assert [(one.available, one.offered, one.busy, one.wrap_up) for one in parts] == [
        (10, 10, 40, 0), (40, 0, 20, 30),
    ]  # fmt: skip


def test_whoever_goes_away_with_a_chat_open_is_busy_until_it_ends():
    day = Day().at(0, "agent.ready", agent=ANNA, presence="available").come(0, 1).answer(0, 1)
    day.at(5, "agent.step_away", agent=ANNA, presence="away").end(50, 1)
    standing = Standing()
    sums = fold(day.facts, standing)
    sums.add(running(standing, BEGIN + timedelta(seconds=60)))
    assert (of(sums, ANNA).busy, of(sums, ANNA).away) == (50, 10)


def test_who_leaves_early_is_no_abandoned_contact():
    day = Day().come(0, 1).come(0, 2)
    day.at(4, "conversation.leave", 1, state="abandoned")
    day.at(40, "conversation.leave", 2, state="abandoned")
    told = day.told()
    assert (told.abandoned, told.short, told.longest) == (2, 1, 40)


def test_the_threshold_is_the_one_that_held_when_it_was_answered():
    strict = {"share": 0.9, "within": 10, "short": 2}
    day = Day().come(0, 1).answer(15, 1)
    day.at(20, "queue.set", queue=SALES, name="sales", target=strict)
    told = day.come(30, 2).answer(45, 2).told()
    assert (told.answered, told.in_time) == (2, 1)


def test_a_failed_offer_leaves_the_wait_as_it_is():
    day = Day().come(0, 1).at(2, "conversation.offer", 1, ANNA, state="offered")
    day.at(22, "conversation.miss", 1, ANNA, state="queued").answer(30, 1, BO)
    sums = fold(day.facts, Standing())
    assert (total(sums).arrived, total(sums).waited) == (1, 30)
    assert (of(sums, ANNA).missed, of(sums, BO).answered) == (1, 1)


def test_a_transfer_ends_one_part_and_begins_a_wait():
    day = Day().come(0, 1).answer(10, 1)
    day.at(40, "conversation.transfer", 1, ANNA, state="transferred")
    day.come(40, 1, SUPPORT).at(65, "conversation.accept", 1, BO, queue=SUPPORT, state="active")
    sums = fold(day.facts, Standing())
    assert (total(sums).handled, total(sums).talk, total(sums).transferred) == (1, 30, 1)
    assert (total(sums, SUPPORT).arrived, total(sums, SUPPORT).waited) == (1, 25)


def test_overflow_is_counted_where_it_was_answered_and_the_wait_is_whole():
    day = Day().come(0, 1)
    day.at(30, "conversation.overflow", 1, queue=SUPPORT, state="queued")
    day.at(50, "conversation.accept", 1, BO, queue=SUPPORT, state="active")
    sums = fold(day.facts, Standing())
    assert (total(sums).answered, total(sums, SUPPORT).answered) == (0, 1)
    assert total(sums, SUPPORT).waited == 50


def test_a_take_over_gives_each_of_the_two_their_part():
    day = Day().come(0, 1).answer(0, 1)
    day.at(30, "conversation.take_over", 1, BO, state="active", **{"from": ANNA}).end(50, 1, BO)
    sums = fold(day.facts, Standing())
    assert (of(sums, ANNA).talk, of(sums, BO).talk, total(sums).answered) == (30, 20, 1)
    assert (of(sums, ANNA).busy, of(sums, BO).busy) == (30, 20)


def test_a_message_left_at_night_waits_from_the_opening_on():
    opens = (BEGIN + timedelta(seconds=600)).isoformat()
    told = Day().come(0, 1, not_before=opens).answer(612, 1).told()
    assert (told.waited, told.in_time) == (12, 1)


def test_what_is_refused_is_no_wait():
    told = Day().at(0, "conversation.refuse", 1, state="closed", because="full").told()
    assert (told.refused, told.arrived, told.answered, told.abandoned) == (1, 0, 0, 0)


def test_events_that_tell_of_no_change_count_nothing():
    day = Day().at(0, "conversation.read", 1, ANNA).at(1, "message.said", 1, ANNA, number=1)
    sums = fold(day.facts, Standing())
    assert not sums.contacts
    assert not sums.agents


@pytest.mark.parametrize("kind", ["rate", "set", "part", "supervise", "number_gone"])
def test_nothing_goes_on_for_what_is_told_after_the_end(kind):
    day = Day().at(0, "conversation.new", 1).come(1, 1).answer(15, 1).end(60, 1)
    day.at(70, f"conversation.{kind}", 1, ANNA)
    standing = Standing()
    fold(day.facts, standing)
    assert standing.conversations == {}
    day.at(100, "conversation.reopen", 1, state="queued").answer(110, 1).end(120, 1)
    sums = fold(day.facts, Standing())
    assert (total(sums).answered, total(sums).handled, total(sums).talk) == (2, 2, 55)


@pytest.mark.parametrize("seed", range(5))
def test_cut_anywhere_the_parts_make_the_whole(seed):
    dice = random.Random(seed)
    facts = _busy_day(dice)
    whole = fold(facts, Standing())
    standing, parts, at = Standing(), Sums(), 0
    while at < len(facts):
        step = dice.randint(1, 20)
        parts.add(fold(facts[at : at + step], standing))
        at += step
    assert _rounded(parts) == _rounded(whole)
    assert total(whole).answered + total(whole).abandoned > 50


def _busy_day(dice: random.Random) -> list[Fact]:
    day, clock = Day(), 0.0
    for agent in (ANNA, BO):
        day.at(0, "agent.ready", agent=agent, presence="available")
    for conversation in range(1, 101):
        clock += dice.uniform(1, 200)
        day.come(clock, conversation)
        if dice.random() < 0.2:
            day.at(clock + dice.uniform(1, 90), "conversation.leave", conversation,
                   state="abandoned")  # fmt: skip
            continue
        agent, answered = dice.choice((ANNA, BO)), clock + dice.uniform(0, 60)
        day.answer(answered, conversation, agent)
        over = answered + dice.uniform(5, 600)
        if dice.random() < 0.3:
            day.at(dice.uniform(answered, over), "conversation.join", conversation,
                   ANNA + BO - agent, busy=True)  # fmt: skip
        day.end(over, conversation, agent, wrap=dice.uniform(0, 60))
    return sorted(day.facts, key=lambda fact: fact.at)


def _rounded(sums: Sums) -> dict:
    return {
        key: {name: round(value, 6) for name, value in asdict(one).items()}
        for place in (sums.contacts, sums.agents)
        for key, one in place.items()
    }


def test_who_asks_to_be_called_back_leaves_the_line_and_waits_on_in_a_row_of_its_own():
    day = Day().come(0, 1, channel="phone")
    day.at(30, "conversation.callback", 1, channel="callback", state="queued")
    day.at(90, "conversation.accept", 1, ANNA, channel="callback", state="active")
    day.at(120, "conversation.retry", 1, ANNA, channel="callback", state="queued")
    day.at(420, "conversation.accept", 1, ANNA, channel="callback", state="active")
    day.at(450, "conversation.unreached", 1, ANNA, channel="callback", state="closed")
    sums = fold(day.facts, Standing())
    line, back = Contacts(), Contacts()
    for (_at, _queue, channel), one in sums.contacts.items():
        (line if channel == "phone" else back).add(one)
    assert (line.arrived, line.called_back, line.answered, line.abandoned) == (1, 1, 0, 0)
    assert (back.arrived, back.answered, back.waited, back.unreached) == (1, 1, 90, 1)
    assert (back.abandoned, back.handled, of(sums, ANNA).talk) == (0, 2, 60)


def test_who_hangs_up_in_a_menu_is_counted_and_is_no_contact_of_the_service_level():
    day = Day().at(0, "conversation.new", 1, channel="phone")
    day.at(9, "conversation.leave", 1, queue=None, channel="phone", state="abandoned")
    told = day.told()
    assert (told.left_menu, told.arrived, told.abandoned) == (1, 0, 0)


@pytest.mark.parametrize("reached", [True, False])
def test_a_call_that_an_agent_makes_counts_in_no_figure_of_waiting(reached):
    day = Day().at(0, "conversation.new", 1, channel="outbound")
    day.at(0, "conversation.call_out", 1, ANNA, channel="outbound", state="active")
    if reached:
        day.at(30, "conversation.reached", 1, ANNA, channel="outbound")
    day.at(100, "conversation.end", 1, ANNA, channel="outbound", state="wrap_up")
    day.at(110, "conversation.close", 1, ANNA, channel="outbound", state="closed")
    sums = fold(day.facts, Standing())
    made = total(sums)
    assert {channel for _at, _queue, channel in sums.contacts} == {"outbound"}
    assert (made.arrived, made.answered, made.in_time, made.waited) == (0, 0, 0, 0)
    assert (made.called_out, made.unreached) == (1, int(not reached))
    assert (made.handled, made.talk, made.wrap) == ((1, 70, 10) if reached else (0, 0, 0))
    assert (of(sums, ANNA).answered, of(sums, ANNA).handled) == (0, int(reached))


def _asked_into_a_call() -> Day:
    day = Day()
    for agent in (ANNA, BO):
        day.at(0, "agent.ready", agent=agent, presence="available")
    day.come(0, 1, channel="phone").answer(0, 1)
    return day.at(10, "conversation.join", 1, BO, channel="phone", busy=True)


@pytest.mark.parametrize(
    ("how", "busy"),
    [
        (lambda day: day.at(40, "conversation.part", 1, BO, channel="phone"), 30),
        (lambda day: day.end(50, 1, wrap=20), 40),  # after-call work is the agent's alone
        (lambda day: day.at(30, "conversation.hold", 1, ANNA, state="held").end(50, 1), 40),
        (
            lambda day: day.at(30, "conversation.take_over", 1, BO, state="active").end(70, 1, BO),
            60,
        ),
    ],
    ids=["who goes", "it ends", "it is held meanwhile", "it becomes theirs"],
)
def test_who_is_asked_into_a_call_is_busy_as_long_as_it_is_spoken_in(how, busy):
    facts = how(_asked_into_a_call()).facts
    standing = Standing()
    sums = fold(facts, standing)
    sums.add(running(standing, BEGIN + timedelta(seconds=100)))
    assert (of(sums, BO).busy, of(sums, BO).available) == (busy, 100 - busy)


def test_who_is_asked_into_a_chat_stays_available():
    day = Day().at(0, "agent.ready", agent=BO, presence="available").come(0, 1).answer(0, 1)
    day.at(10, "conversation.join", 1, BO).at(40, "conversation.part", 1, BO).end(50, 1)
    sums = fold(day.facts, Standing())
    assert of(sums, BO).busy == 0


def test_time_away_is_counted_by_reason():
    day = Day().at(0, "agent.step_away", agent=ANNA, presence="away", reason="lunch")
    day.at(100, "agent.step_away", agent=ANNA, presence="away", reason="")
    day.at(130, "agent.ready", agent=ANNA, presence="available", reason="")
    sums = fold(day.facts, Standing())
    away: Counter[str] = Counter()
    for (_at, _agent, reason), one in sums.aways.items():
        away[reason] += one.away
    assert away == {"lunch": 100, "": 30}
    assert of(sums, ANNA).away == 130
