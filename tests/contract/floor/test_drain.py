"""Before an update: nothing new is offered, what is spoken goes on, who waits keeps the place."""

from __future__ import annotations

from appliance.services import talk
from appliance.services.answer_offer import accept_offer
from appliance.services.in_use import in_use
from appliance.services.offer_waiting import offer_waiting
from appliance.services.waiting_update import WaitingUpdate
from appliance.store.floor import SqlFloor
from appliance.store.postponements import SqlPostponements
from common.care import Drain


def test_a_drained_call_centre_offers_nothing_and_is_free_when_the_last_one_has_ended(house):
    anna, bo, _chen = house.agents
    drain = Drain()
    update = WaitingUpdate(drain, SqlPostponements(house.database), house.clock)
    floor = SqlFloor(house.database, house.clock, house.vault, drained=lambda: update.drained)
    try:
        assert in_use(floor, update) == ""
        first = house.come("first").conversation.id
        house.ready(anna)
        assert [one.conversation for one in floor.write(offer_waiting)] == [first]
        assert in_use(floor, update) == "1 conversation", "it rings at somebody"
        house.do(accept_offer, first, anna)

        drain.told({"drain": True, "release": "2.0"})
        house.ready(bo)
        second = house.come("second").conversation.id
        assert floor.write(offer_waiting) == []
        assert in_use(floor, update) == "1 conversation", "who waits survives a restart"
        house.do(talk.hold, first, anna)
        assert in_use(floor, update) == "1 conversation"
        house.do(talk.resume, first, anna)
        house.do(talk.end, first, None)
        assert in_use(floor, update) == "", "after-call work survives a restart"

        drain.told({"drain": False})
        assert [one.conversation for one in floor.write(offer_waiting)] == [second]
    finally:
        floor.close()
