"""Trunks and phones that are gone without a word, and many calls at once, on the real switch."""

from __future__ import annotations

import pytest

from appliance.domain.conversation import State
from appliance.services import talk
from tests.support.exchange import NUMBER, exchange
from tests.support.real_switch import real_switch
from tests.support.waiting import until

pytestmark = pytest.mark.long
_SILENT = 5  # seconds
_MANY = 200


@pytest.mark.parametrize(
    ("where", "gone", "after"),
    [
        ("queue", "caller", State.ABANDONED),
        ("talk", "caller", State.WRAP_UP),
        ("hold", "caller", State.WRAP_UP),
        ("talk", "phone", State.WRAP_UP),
        ("hold", "phone", State.WRAP_UP),
    ],
)
def test_who_vanishes_without_a_word_is_noticed_and_nothing_stays(
    tmp_path_factory, where, gone, after
):
    with (
        real_switch(tmp_path_factory.mktemp("s"), ["101"], _SILENT) as real,
        exchange(tmp_path_factory.mktemp("a"), reach=real.provider) as house,
    ):
        phone = real.phone("101", "answers")
        caller = real.caller(NUMBER, stays=600)
        house.until_state(State.QUEUED)
        if where != "queue":
            house.ready(house.agents[0])
            house.until_state(State.ACTIVE)
            house.until_room(2)
        if where == "hold":
            house.do(talk.hold, house.conversation().id, house.agents[0])
            house.until_room(1)
        (caller if gone == "caller" else phone).kill()
        house.until_state(after)
        house.until_clear()
        assert house.seen(house.agents[0]) not in {"busy", "offered"}


def test_two_hundred_calls_at_once_are_all_taken_and_nothing_stays(tmp_path_factory):
    with (
        real_switch(tmp_path_factory.mktemp("s"), ["101"]) as real,
        exchange(tmp_path_factory.mktemp("a"), reach=real.provider) as house,
    ):
        real.caller(NUMBER, stays=20, number_of=_MANY)

        def going() -> int:
            return len(house.floor.read(lambda work: work.calls.going_on()))

        until(lambda: going() == _MANY, 120, "all calls to be taken", going)
        until(lambda: going() == 0, 120, "all callers to be gone", going)
        house.until_clear()
        assert len(house.events("conversation.leave")) == _MANY
