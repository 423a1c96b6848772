"""The use cases of conversations, from arrival to after-call work."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from appliance.domain.agent_state import Said
from appliance.domain.contact import Identity
from appliance.domain.conversation import State
from appliance.domain.custom_fields import CustomField, FieldKind, Subject
from appliance.domain.demand import Need, Rule, Step
from appliance.domain.hours import Hours, always
from appliance.domain.labels import Label, LabelKind
from appliance.domain.queue import Entry, Overflow
from appliance.domain.refusals import InvalidError
from appliance.domain.routing import DECLINE_PAUSE
from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.services import talk
from appliance.services.answer_offer import (
    OfferGoneError,
    accept_offer,
    decline_offer,
    expire_offers,
    forget_refusals,
)
from appliance.services.arrive import Arrival, arrive
from appliance.services.catalogue import save_label
from appliance.services.describe import describe_contact, describe_conversation
from appliance.services.keep_moving import keep_moving
from appliance.services.presence import say
from appliance.services.say_message import NotSayableError, NotYoursError, Saying, say_message


def answered(house, agent: int) -> int:
    """A conversation that ``agent`` speaks in."""
    conversation = house.come().conversation.id
    house.ready(agent)
    assert house.offer() == [(conversation, agent)]
    house.do(accept_offer, conversation, agent)
    return conversation


def test_from_arrival_to_closed_with_an_event_for_each_step(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    assert house.seen(anna) == "busy"
    house.do(talk.hold, conversation, anna)
    house.do(talk.resume, conversation, anna)
    house.do(talk.end, conversation, None)
    assert house.seen(anna) == "wrap_up"
    house.do(talk.close, conversation, anna, "sold")
    assert house.seen(anna) == "available"
    kept = house.now(conversation)
    assert (kept.state, kept.agent, kept.last_agent, kept.disposition) == (
        State.CLOSED, None, anna, "sold",
    )  # fmt: skip
    assert house.kinds(conversation) == [
        "conversation.new", "conversation.queue", "conversation.offer", "conversation.accept",
        "conversation.hold", "conversation.resume", "conversation.end", "conversation.close",
    ]  # fmt: skip


def test_a_missed_offer_goes_back_to_its_place_and_the_agent_is_not_responding(house):
    anna, bo, _chen = house.agents
    house.ready(anna)
    first = house.come("a").conversation
    house.clock.advance(5)
    second = house.come("b").conversation
    assert house.offer() == [(first.id, anna)]
    house.clock.advance(20)
    assert [one.conversation for one in house.do(expire_offers)] == [first.id]
    assert house.seen(anna) == "not_responding"
    assert house.now(first.id).waiting_since == first.waiting_since
    assert house.offer() == []
    house.ready(bo)
    assert house.offer() == [(first.id, bo)]
    house.do(say, anna, Said.READY)
    assert house.offer() == [(second.id, anna)]


def test_an_answer_that_comes_too_late_is_refused(house):
    anna, bo, _chen = house.agents
    house.ready(anna)
    conversation = house.come().conversation.id
    house.offer()
    with pytest.raises(OfferGoneError):
        house.do(accept_offer, conversation, bo)
    house.clock.advance(20)
    with pytest.raises(OfferGoneError):
        house.do(accept_offer, conversation, anna)


def test_who_declined_is_not_asked_again_for_a_while_and_then_if_nobody_else_came(house):
    anna, bo, chen = house.agents
    house.ready(anna, bo, chen)
    conversation = house.come().conversation.id
    asked = []
    for _ in range(3):
        ((_one, agent),) = house.offer()
        asked.append(agent)
        house.do(decline_offer, conversation, agent)
    assert sorted(asked) == sorted(house.agents)
    assert house.offer() == []
    house.clock.advance(DECLINE_PAUSE - 1)
    keep_moving(house.floor, False)
    assert house.now(conversation).state is State.QUEUED, "it rings at nobody without a pause"
    house.clock.advance(1)
    keep_moving(house.floor, False)
    assert house.now(conversation).agent in asked


def test_what_an_agent_alone_declined_is_offered_at_once_to_who_comes(house):
    anna, bo, _chen = house.agents
    house.ready(anna)
    conversation = house.come().conversation.id
    house.offer()
    house.do(decline_offer, conversation, anna)
    assert house.offer() == []
    house.ready(bo)
    assert house.offer() == [(conversation, bo)]


def test_who_missed_or_declined_it_while_the_others_were_at_home_is_asked_again(house):
    anna, _bo, _chen = house.agents
    house.ready(anna)
    conversation = house.come().conversation.id
    assert house.offer() == [(conversation, anna)]
    house.clock.advance(20)
    house.do(expire_offers)
    assert house.offer() == []
    house.do(say, anna, Said.READY)
    assert house.offer() == [(conversation, anna)]
    house.do(decline_offer, conversation, anna)
    house.clock.advance(DECLINE_PAUSE)
    house.do(forget_refusals, timedelta(seconds=DECLINE_PAUSE))
    assert house.offer() == [(conversation, anna)]


def test_who_was_away_and_is_ready_again_is_asked_again_about_what_they_missed(house):
    anna, bo, _chen = house.agents
    house.ready(anna, bo)
    conversation = house.come().conversation.id
    ((_one, first),) = house.offer()
    other = bo if first == anna else anna
    house.do(say, other, Said.STEP_AWAY)
    house.clock.advance(20)
    house.do(expire_offers)
    assert house.offer() == []
    house.do(say, first, Said.READY)
    assert house.offer() == [(conversation, first)]


def test_an_agent_who_steps_away_gives_back_what_rings_and_keeps_what_they_speak_in(house):
    anna = house.agents[0]
    speaking = answered(house, anna)
    ringing = house.come("b").conversation.id
    assert house.offer() == [(ringing, anna)]
    house.do(save_label, Label(0, LabelKind.AWAY, "lunch", {"en": "Lunch"}), "system")
    house.do(say, anna, Said.STEP_AWAY, reason="lunch")
    assert house.now(ringing).state is State.QUEUED
    assert house.now(speaking).state is State.ACTIVE
    assert house.seen(anna) == "busy"
    house.do(talk.end, speaking, anna)
    house.do(talk.close, speaking, anna)
    assert house.seen(anna) == "away"
    house.do(say, anna, Said.MISS_OFFER)
    assert house.floor.read(lambda work: work.agent(anna)).away_reason == "lunch"
    assert house.offer() == []


def test_an_agent_is_filled_to_their_capacity_and_no_further(house):
    anna = house.agents[0]
    house.ready(anna)
    for number in range(6):
        house.come(f"v{number}")
    taken = 0
    while offers := house.offer():
        ((conversation, agent),) = offers
        house.do(accept_offer, conversation, agent)
        taken += 1
    assert taken == 4


def test_what_a_chat_takes_of_an_agent_is_as_its_queue_says(house):
    before = house.come("before").conversation
    house.change_queue(house.sales, weights={"chat": 50})
    after = house.come("after").conversation
    house.change_queue(house.sales, weights={"phone": 50})
    usual = house.come("usual").conversation
    assert (before.weight, after.weight, usual.weight) == (25, 50, 25)


@pytest.mark.parametrize(
    ("rule", "seconds", "free"),
    [
        (WrapUp(), 0, True),
        (WrapUp(AfterWork.MANDATORY), 3600, False),
        (WrapUp(AfterWork.TIMED, timedelta(seconds=30)), 29, False),
        (WrapUp(AfterWork.TIMED, timedelta(seconds=30)), 30, True),
    ],
)
def test_after_call_work_holds_the_agent_as_the_queue_says(house, rule, seconds, free):
    house.change_queue(house.sales, wrap_up=rule)
    anna = house.agents[0]
    conversation = answered(house, anna)
    house.do(talk.end, conversation, anna)
    house.come("next")
    house.clock.advance(seconds)
    house.do(talk.close_overdue)
    assert bool(house.offer()) is free


def test_timed_after_call_work_that_lacks_something_is_marked_until_it_is_filled_in(house):
    house.change_queue(house.sales, wrap_up=WrapUp(AfterWork.TIMED, timedelta(seconds=30)))
    names = {"en": "Order"}
    house.do(
        lambda work: work.fields.save(
            CustomField(0, Subject.CONVERSATION, "order", names, required=True)
        )
    )
    house.do(
        lambda work: work.fields.save(
            CustomField(0, Subject.CONTACT, "paid", names, FieldKind.YES_NO, required=True)
        )
    )
    anna, bo, _chen = house.agents
    conversation = answered(house, anna)
    house.do(talk.end, conversation, anna)
    house.do(describe_conversation, conversation, anna, disposition="solved")
    house.clock.advance(30)
    house.do(talk.close_overdue)
    kept = house.now(conversation)
    assert (kept.state, kept.incomplete, kept.disposition) == (State.CLOSED, True, "solved")
    assert [one.id for one in house.do(lambda work: work.incomplete(agent=anna))] == [conversation]
    assert house.do(lambda work: work.incomplete(agent=bo)) == []
    house.do(describe_conversation, conversation, anna, fields={"order": "A 17"})
    assert house.now(conversation).incomplete
    house.do(describe_contact, kept.contact, bo, fields={"paid": False})
    assert not house.now(conversation).incomplete
    assert house.do(lambda work: work.incomplete()) == []


def test_a_transfer_to_an_agent_rings_there_and_then_at_everybody(house):
    anna, bo, chen = house.agents
    conversation = answered(house, anna)
    house.ready(bo, chen)
    house.do(talk.transfer_to_agent, conversation, anna, chen)
    assert house.offer() == [(conversation, chen)]
    house.clock.advance(20)
    house.do(expire_offers)
    ((_one, agent),) = house.offer()
    assert agent in {anna, bo}


def test_a_transfer_to_a_queue_waits_there_from_now_on(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    house.clock.advance(60)
    house.do(talk.transfer_to_queue, conversation, anna, house.support)
    kept = house.now(conversation)
    assert (kept.queue, kept.state, kept.waiting_since) == (
        house.support, State.QUEUED, house.clock.now(),
    )  # fmt: skip


def test_a_caller_is_not_transferred_to_a_queue_that_is_closed(house):
    anna = house.agents[0]
    house.change_queue(house.support, hours=Hours("UTC", {}))
    conversation = house.come(channel="phone").conversation.id
    house.ready(anna)
    house.offer()
    house.do(accept_offer, conversation, anna)
    with pytest.raises(InvalidError) as refused:
        house.do(talk.transfer_to_queue, conversation, anna, house.support)
    assert refused.value.kind == "transfer-closed"
    assert house.now(conversation).state is State.ACTIVE
    house.change_queue(house.support, hours=Hours("UTC", {}), closed_to=house.sales)
    house.do(talk.transfer_to_queue, conversation, anna, house.support)
    assert house.now(conversation).queue == house.sales


def test_a_chat_is_transferred_to_a_closed_queue_and_waits_there_as_a_message(house):
    anna = house.agents[0]
    house.change_queue(house.support, hours=Hours("UTC", {}))
    conversation = answered(house, anna)
    house.do(talk.transfer_to_queue, conversation, anna, house.support)
    assert house.now(conversation).queue == house.support


def test_the_contact_who_leaves_frees_the_agent_without_blame(house):
    anna = house.agents[0]
    house.ready(anna)
    conversation = house.come().conversation.id
    house.offer()
    house.do(talk.leave, conversation)
    assert house.now(conversation).state is State.ABANDONED
    assert house.seen(anna) == "available"
    house.clock.advance(60)
    assert house.do(expire_offers) == []


def test_overflow_moves_on_and_keeps_the_place(house):
    house.change_queue(house.sales, overflow=Overflow(30, house.support))
    conversation = house.come().conversation
    house.clock.advance(29)
    assert house.do(talk.overflow) == []
    house.clock.advance(1)
    assert [one.id for one in house.do(talk.overflow)] == [conversation.id]
    kept = house.now(conversation.id)
    assert (kept.queue, kept.waiting_since) == (house.support, conversation.waiting_since)


def test_overflow_leaves_everybody_where_they_are_while_nobody_answers_over_there(house):
    shut = Hours("UTC", {})
    house.change_queue(house.sales, overflow=Overflow(30, house.support))
    house.change_queue(house.support, hours=shut)
    came = [house.come(name).conversation.id for name in "abc"]
    house.clock.advance(60)
    assert house.do(talk.overflow) == []
    house.change_queue(house.support, hours=always("UTC"), most_waiting=2)
    assert [one.id for one in house.do(talk.overflow)] == came[:2]
    assert house.do(talk.overflow) == []
    assert house.now(came[2]).queue == house.sales


def test_who_left_a_message_at_night_waits_for_overflow_from_the_opening_on(house):
    week = {day: spans for day, spans in always("UTC").week.items() if day == 6}  # Sunday alone
    house.change_queue(house.sales, hours=Hours("UTC", week), overflow=Overflow(30, house.support))
    left = house.come(leaves_message=True)
    assert left.opens_at is not None
    house.clock.advance((left.opens_at - house.clock.now()).total_seconds() + 29)
    assert house.do(talk.overflow) == []
    house.clock.advance(1)
    assert [one.id for one in house.do(talk.overflow)] == [left.conversation.id]


def test_a_full_queue_refuses_and_says_so(house):
    house.change_queue(house.sales, most_waiting=1)
    house.come("a")
    refused = house.come("b")
    assert (refused.entry, refused.conversation.state) == (Entry.FULL, State.CLOSED)


def test_out_of_hours_a_message_waits_for_the_next_shift_and_a_visitor_is_told_when(house):
    week = {day: spans for day, spans in always("UTC").week.items() if day == 6}  # Sunday alone
    house.change_queue(house.sales, hours=Hours("UTC", week))
    told = house.come("a")
    assert (told.entry, told.conversation.state) == (Entry.CLOSED, State.CLOSED)
    left = house.come("b", leaves_message=True)
    assert left.conversation.state is State.QUEUED
    house.ready(house.agents[0])
    assert house.offer() == []
    assert left.opens_at is not None
    house.clock.advance((left.opens_at - house.clock.now()).total_seconds())
    assert house.offer() == [(left.conversation.id, house.agents[0])]


def test_what_is_asked_of_agents_relaxes_from_the_opening_on_and_not_by_night(house):
    steps = (Step(0, Need(skills={"fr": 3})), Step(60, Need()))
    week = {day: spans for day, spans in always("UTC").week.items() if day == 6}
    french = Rule("French", steps=steps)
    house.change_queue(house.sales, hours=Hours("UTC", week), rules=(french,))
    left = house.come(leaves_message=True)
    house.ready(house.agents[0])
    assert left.opens_at is not None
    house.clock.advance((left.opens_at - house.clock.now()).total_seconds() + 59)
    assert house.offer() == []
    house.clock.advance(1)
    assert house.offer() == [(left.conversation.id, house.agents[0])]


def test_out_of_hours_another_queue_takes_over_even_in_a_circle(house):
    closed = Hours("UTC", {})
    house.change_queue(house.sales, hours=closed, closed_to=house.support)
    assert house.come("a").conversation.queue == house.support
    house.change_queue(house.support, hours=closed, closed_to=house.sales)
    assert house.come("b").entry is Entry.CLOSED


def test_a_contact_is_one_person_over_all_channels_and_comes_back_to_the_last_agent(house):
    bo = house.agents[1]
    mail, number = Identity("address", "a@example.com"), Identity("number", "+8613800000000")
    first = house.come("a", identities=[mail]).conversation
    second = house.come("b", identities=[number]).conversation
    assert first.contact != second.contact
    both = house.come("c", identities=[number, mail]).conversation
    assert both.contact == house.now(second.id).contact == first.contact
    house.ready(bo)
    ((conversation, _agent),) = house.offer()
    house.do(accept_offer, conversation, bo)
    house.do(talk.end, conversation, bo)
    house.do(talk.close, conversation, bo)
    assert house.come("d", identities=[mail]).conversation.last_agent == bo


def test_every_desk_is_told_that_several_contacts_are_one(house):
    mail, number = Identity("address", "a@example.com"), Identity("number", "+8613800000000")
    for one in (mail, number):
        house.come(one.value, identities=[one])

    def job(work):
        arrive(work, Arrival("chat", house.sales, [number, mail], 25, name="both"))
        return [one.topic for one in work.told if one.kind == "contact.merged"]

    assert house.floor.write(job) == ["floor", *(f"agent/{one}" for one in house.agents)]


def test_a_contact_who_speaks_after_the_end_reopens_the_conversation(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    house.do(talk.end, conversation, anna)
    house.do(talk.close, conversation, anna)
    house.do(say_message, Saying(conversation, "k9", "one more thing"), 100)
    assert house.now(conversation).state is State.QUEUED
    assert house.offer() == [(conversation, anna)]


def test_an_agent_speaks_only_in_their_own_conversations_but_may_leave_notes(house):
    anna, bo, _chen = house.agents
    conversation = answered(house, anna)
    house.do(say_message, Saying(conversation, "k1", "hello", anna), 100)
    with pytest.raises(NotYoursError):
        house.do(say_message, Saying(conversation, "k2", "hello", bo), 100)
    note = house.do(say_message, Saying(conversation, "k3", "try tea", bo, internal=True), 100)
    assert (note.number, note.internal) == (2, True)


@pytest.mark.parametrize(
    "saying",
    [
        Saying(0, "", "text"), Saying(0, "k" * 65, "text"), Saying(0, "k", " \n"),
        Saying(0, "k", "x" * 101), Saying(0, "k", "bell \x07"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_with_a_sentence(house, saying):
    conversation = house.come().conversation.id
    with pytest.raises(NotSayableError, match=r"\w+ \w+"):
        house.do(say_message, replace(saying, conversation=conversation), 100)


def test_a_supervisor_takes_over(house):
    anna, bo, _chen = house.agents
    conversation = answered(house, anna)
    house.do(talk.take_over, conversation, bo)
    assert house.now(conversation).agent == bo
    assert house.seen(anna) == "available"
    with pytest.raises(NotYoursError):
        house.do(talk.end, conversation, anna)


def test_what_the_table_does_not_have_changes_nothing(house):
    anna = house.agents[0]
    conversation = answered(house, anna)
    with pytest.raises(IllegalTransitionError, match="resume is not possible in the state active"):
        house.do(talk.resume, conversation, anna)
    assert house.kinds(conversation)[-1] == "conversation.accept"
