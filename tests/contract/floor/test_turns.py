"""Whose turn it is: work counts as work in whatever way it ended, and a colleague is no queue."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from appliance.domain.hours import Hours
from appliance.services import talk
from appliance.services.answer_offer import accept_offer, decline_offer
from appliance.services.reassign import reassign_to_queue, take_from_queue
from tests.contract.floor.house import House

Parting = Callable[[House, int, int], object]


@pytest.mark.parametrize(
    "parts",
    [
        lambda house, it, anna: house.do(talk.end, it, anna),
        lambda house, it, _anna: house.do(talk.end, it, None),
        lambda house, it, anna: house.do(talk.transfer_to_queue, it, anna, house.support),
        lambda house, it, _anna: house.do(talk.take_over, it, house.agents[2]),
        lambda house, it, _anna: house.do(reassign_to_queue, it, house.agents[2], house.support),
    ],
    ids=["ends", "is left", "transfers", "is relieved", "is robbed"],
)
def test_who_has_just_parted_from_a_conversation_has_not_been_idle_longest(house, parts: Parting):
    anna, bo, _chen = house.agents
    house.change_queue(house.support, hours=Hours("UTC", {}))
    house.ready(anna)
    conversation = house.come().conversation.id
    house.offer()
    house.do(accept_offer, conversation, anna)
    house.clock.advance(60)
    house.ready(bo)
    house.clock.advance(600)
    parts(house, conversation, anna)
    following = house.come("another").conversation.id
    assert house.offer() == [(following, bo)]


def test_what_is_given_to_a_colleague_rings_there_though_its_queue_is_closed_by_now(house):
    anna, bo, chen = house.agents
    house.ready(anna)
    conversation = house.come().conversation.id
    house.offer()
    house.do(accept_offer, conversation, anna)
    house.change_queue(house.sales, hours=Hours("UTC", {}))
    house.ready(bo, chen)
    house.do(talk.transfer_to_agent, conversation, anna, chen)
    assert house.offer() == [(conversation, chen)]


def test_a_caller_who_came_in_hours_is_served_after_closing_time_and_a_chat_in_the_morning(house):
    house.come("chat")
    call = house.come("call", channel="phone").conversation.id
    house.change_queue(house.sales, hours=Hours("UTC", {}))
    house.ready(*house.agents)
    assert [conversation for conversation, _agent in house.offer()] == [call]


def test_a_message_left_by_night_that_somebody_took_can_be_given_to_a_colleague(house):
    anna, bo, _chen = house.agents
    house.change_queue(house.sales, hours=Hours("UTC", {}))
    conversation = house.come(leaves_message=True).conversation.id
    house.ready(anna, bo)
    assert house.offer() == []
    house.do(take_from_queue, conversation, anna)
    house.do(talk.transfer_to_agent, conversation, anna, bo)
    assert house.offer() == [(conversation, bo)]


def test_a_colleague_who_does_not_want_it_by_night_leaves_it_for_the_morning(house):
    anna, bo, chen = house.agents
    house.ready(anna, bo, chen)
    conversation = house.come().conversation.id
    house.offer()
    house.do(accept_offer, conversation, anna)
    house.change_queue(house.sales, hours=Hours("UTC", {}))
    house.do(talk.transfer_to_agent, conversation, anna, bo)
    assert house.offer() == [(conversation, bo)]
    house.do(decline_offer, conversation, bo)
    assert house.offer() == []
