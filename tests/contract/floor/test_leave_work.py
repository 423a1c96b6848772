"""Who may not work here any more keeps nobody waiting."""

from __future__ import annotations

from appliance.domain.conversation import State
from appliance.domain.wrap_up import AfterWork, WrapUp
from appliance.services import talk
from appliance.services.answer_offer import accept_offer
from appliance.services.keep_moving import keep_moving
from appliance.services.leave_work import leave_work


def test_what_they_had_is_offered_to_others_and_nothing_more_to_them(house):
    anna, bo, _chen = house.agents
    house.change_queue(house.sales, wrap_up=WrapUp(AfterWork.OPTIONAL))
    house.ready(anna)
    spoken, wrapped = house.come("one").conversation.id, house.come("two").conversation.id
    for conversation in (spoken, wrapped):
        house.offer()
        house.do(accept_offer, conversation, anna)
    house.do(talk.hold, spoken, anna)
    house.do(talk.end, wrapped, anna)
    rings = house.come("three").conversation.id
    assert house.offer() == [(rings, anna)]
    since = house.now(spoken).waiting_since
    house.do(leave_work, anna)
    assert (house.now(spoken).state, house.now(spoken).waiting_since) == (State.QUEUED, since)
    house.ready(bo)
    assert house.offer() == [(spoken, bo)]
    keep_moving(house.floor, updating=False)
    assert house.now(wrapped).state is State.CLOSED
    assert house.seen(anna) == "offline"


def test_who_was_never_at_the_desk_leaves_nothing(house):
    house.do(leave_work, 999)
    house.do(leave_work, house.agents[0])
    assert house.seen(house.agents[0]) == "offline"
