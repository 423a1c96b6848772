"""What a floor promises: whole or not at all, one after the other, once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, time, timedelta

import pytest
from sqlalchemy import delete
from sqlalchemy.exc import SQLAlchemyError

from appliance.domain.demand import Need, Rule, Step
from appliance.domain.hours import Hours, Span
from appliance.domain.queue import Overflow, Queue
from appliance.domain.records import Author, Message
from appliance.domain.service_level import Target
from appliance.domain.work import UnknownError, Work
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.services.first_queue import first_queue
from appliance.services.say_message import Saying, say_message
from appliance.store.floor_models import QueueRow
from appliance.store.live import SqlLive
from appliance.store.queue_form import to_form


def test_a_job_that_fails_leaves_nothing_and_its_neighbours_stay(house):
    conversation = house.come().conversation

    def good(number: int):
        return lambda work: say_message(
            work, Saying(conversation.id, f"k{number}", f"text {number}"), 100
        )

    def bad(work: Work) -> None:
        work.save(replace(work.conversation(conversation.id), subject="half"))
        work.tell("half", who="system", conversation=conversation.id)
        raise ZeroDivisionError

    with ThreadPoolExecutor(8) as pool:
        jobs = [bad if number % 4 == 0 else good(number) for number in range(40)]
        done = [pool.submit(house.floor.write, job) for job in jobs]
    failed = [one for one in done if one.exception()]
    assert len(failed) == 10
    assert all(isinstance(one.exception(), ZeroDivisionError) for one in failed)
    assert house.now(conversation.id).subject == ""
    assert "half" not in house.kinds(conversation.id)
    kept = house.floor.read(lambda work: work.messages(conversation.id))
    assert [message.number for message in kept] == list(range(1, 31))


def test_a_job_that_breaks_a_rule_of_the_database_fails_alone(house):
    one, two = house.come("a").conversation, house.come("b").conversation
    message = Message(one.id, 1, "k", Author.CONTACT, "hello", house.clock.now())
    house.floor.write(lambda work: work.add_message(message))
    with pytest.raises(SQLAlchemyError):
        house.floor.write(lambda work: work.add_message(replace(message, number=2)))
    house.floor.write(lambda work: work.add_message(replace(message, conversation=two.id)))
    assert len(house.floor.read(lambda work: work.messages(one.id))) == 1
    assert len(house.floor.read(lambda work: work.messages(two.id))) == 1


def test_a_reader_cannot_write(house):
    conversation = house.come().conversation

    def change(work: Work) -> None:
        work.save(replace(conversation, subject="changed"))
        work.add_contact("nobody")

    with pytest.raises(SQLAlchemyError):
        house.floor.read(change)
    assert house.now(conversation.id).subject == ""


def test_what_is_not_there_is_named(house):
    for ask in ("conversation", "agent", "queue"):
        with pytest.raises(UnknownError, match=f"here is no {ask} 999"):
            house.floor.read(lambda work, ask=ask: getattr(work, ask)(999))


def test_a_queue_is_kept_with_all_its_settings(house):
    steps = (
        Step(0, Need(frozenset({"experts"}), {"fr": 4})),
        Step(30, Need(skills={"fr": 2})),
        Step(60, Need()),
    )
    rule = Rule("vip", frozenset({"vip", "gold"}), steps, 5)
    queue = Queue(
        0, "gold", Hours("Asia/Shanghai", {0: (Span(time(9), time(12)), Span(time(22), time(6)))},
                         {date(2026, 10, 1): ()}),
        3, 0.5, (rule,), Target(0.9, 30, 3), 15, 10, 20, 50,
        WrapUp(AfterWork.TIMED, timedelta(seconds=30)), Overflow(90, house.sales), house.support,
        {"chat": 10, "phone": 75},
    )  # fmt: skip
    kept = house.do(lambda work: work.save_queue(queue))
    found = house.floor.read(lambda work: work.queue(kept.id))
    assert to_form(found) == to_form(queue)
    assert replace(found, rules=()) == replace(queue, id=kept.id, rules=())


def test_the_same_message_from_many_threads_is_kept_once(house):
    conversation = house.come().conversation

    def send(number: int) -> Message:
        saying = Saying(conversation.id, f"k{number % 5}", "hello")
        return house.floor.write(lambda work: say_message(work, saying, 100))

    with ThreadPoolExecutor(8) as pool:
        numbers = [message.number for message in pool.map(send, range(40))]
    assert sorted(set(numbers)) == [1, 2, 3, 4, 5]
    assert house.now(conversation.id).messages == 5
    assert house.kinds(conversation.id).count("message.said") == 5


def test_an_internal_note_is_told_to_agents_and_never_to_the_visitor(house):
    conversation = house.come().conversation.id
    agent = house.agents[0]
    house.do(say_message, Saying(conversation, "k1", "hello"), 100)
    house.do(say_message, Saying(conversation, "k2", "a difficult one", agent, internal=True), 100)
    live = SqlLive(house.database)

    def said(topic: str) -> list[object]:
        events = live.read(topic, 0)
        return [event.data["text"] for event in events if event.kind == "message.said"]

    assert said(f"conversation/{conversation}") == ["hello", "a difficult one"]
    assert said(f"visitor/{conversation}") == ["hello"]
    assert said("floor") == []
    assert live.head("floor") > 0


def test_a_call_centre_begins_with_one_queue_and_gets_no_second_one(house):
    house.do(first_queue)
    assert len(house.floor.read(lambda work: work.queues())) == 2  # this house has two already
    with house.database.write() as session:
        session.execute(delete(QueueRow))
    house.do(first_queue)
    house.do(first_queue)
    assert [q.name for q in house.floor.read(lambda work: work.queues()).values()] == ["Reception"]
