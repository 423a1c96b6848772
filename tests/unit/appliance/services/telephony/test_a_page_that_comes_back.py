"""An agent's page in the desk is loaded anew in a call: the caller is kept for it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appliance.domain.conversation import State
from appliance.domain.telephony.seats import seat_of
from appliance.domain.telephony.supervision import Rung
from appliance.services import talk
from appliance.services.telephony.numbers import ask_number
from appliance.services.telephony.supervise import supervise
from tests.support.exchange import NUMBER, Exchange, exchange
from tests.support.waiting import until

OUTSIDE = "+861060001234"
SECONDS = 20.0  # so long a page is waited for


@pytest.fixture
def house(tmp_path) -> Iterator[Exchange]:
    with exchange(tmp_path) as found:
        yield found


def talking_at_the_desk(house: Exchange) -> tuple[str, str, str]:
    """The caller's leg, the agent's phone in the desk, and its leg."""
    seat = seat_of(house.agents[0])
    house.switch.phones.add(seat)
    caller = house.switch.arrives(NUMBER, "+8613800000000")
    house.ready(house.agents[0])
    leg = house.until_rings(seat)
    house.switch.phone_answers(leg)
    house.until_together(caller, leg)
    return caller, seat, leg


def leaves(house: Exchange, seat: str, leg: str) -> None:
    house.switch.phones.discard(seat)
    house.switch.hangs_up(leg)


def comes_back(house: Exchange, seat: str) -> str:
    """The new leg."""
    house.switch.answering.add(seat)
    house.switch.phones.add(seat)
    # It is rung a second after its absence was noticed, which may be in the first of these.
    rung = lambda: house.switch.leg_of(seat) or house.later(1)  # noqa: E731
    return until(rung, 60, "the desk to be rung", every=0.5) or ""


def test_the_caller_hears_music_until_the_page_is_back_and_then_its_agent(house):
    caller, seat, leg = talking_at_the_desk(house)
    leaves(house, seat, leg)
    house.until_music(caller)
    for _ in range(int(SECONDS) - 2):
        house.later(1)
    assert house.switch.leg_of("101") is None  # their desk phone is another place
    again = comes_back(house, seat)
    house.until_together(caller, again)
    found = house.conversation()
    assert (found.state, found.agent) == (State.ACTIVE, house.agents[0])
    assert len(house.events("conversation.offer")) == 1


def test_a_page_that_does_not_come_back_ends_the_call(house):
    caller, seat, leg = talking_at_the_desk(house)
    leaves(house, seat, leg)
    house.until_music(caller)
    house.later(SECONDS)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_who_was_on_hold_stays_so(house):
    caller, seat, leg = talking_at_the_desk(house)
    house.do(talk.hold, house.conversation().id, house.agents[0])
    house.until_music(caller)
    leaves(house, seat, leg)
    again = comes_back(house, seat)
    assert house.state() is State.HELD
    house.do(talk.resume, house.conversation().id, house.agents[0])
    house.until_together(caller, again)


def test_in_a_consultation_it_is_back_with_whom_it_consulted(house):
    caller, seat, leg = talking_at_the_desk(house)
    conversation, agent = house.conversation().id, house.agents[0]
    house.do(talk.hold, conversation, agent)
    house.until_music(caller)
    house.switch.answering.add(OUTSIDE)
    house.do(ask_number, conversation, agent, OUTSIDE, house.desk.dialling)
    out = until(lambda: house.switch.leg_of(OUTSIDE), 60, "the number", every=0.01) or ""
    house.until_together(leg, out)
    leaves(house, seat, leg)
    house.until_together(comes_back(house, seat), out)
    assert house.switch.hears_music(caller)


def test_a_page_that_the_switch_still_knows_for_a_moment_is_not_rung_in_vain(house):
    caller, seat, leg = talking_at_the_desk(house)
    house.switch.hangs_up(leg)  # its telephone takes a moment longer to be gone
    house.until_music(caller)
    assert house.switch.leg_of(seat) is None
    house.switch.phones.discard(seat)
    house.until_together(caller, comes_back(house, seat))


def test_a_caller_who_does_not_wait_for_it_ends_the_call(house):
    caller, seat, leg = talking_at_the_desk(house)
    leaves(house, seat, leg)
    house.until_music(caller)
    house.switch.hangs_up(caller)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_desk_that_was_lost_while_the_switch_hung_is_waited_for_like_any(house):
    caller, seat, leg = talking_at_the_desk(house)
    house.switch.goes()
    leaves(house, seat, leg)  # nobody is told of it
    house.later(100)
    house.switch.returns()
    house.until_music(caller)
    house.until_together(caller, comes_back(house, seat))
    assert house.state() is State.ACTIVE


def test_each_time_it_is_waited_for_anew(house):
    caller, seat, leg = talking_at_the_desk(house)
    for _ in range(3):
        leaves(house, seat, leg)
        house.until_music(caller)
        house.later(SECONDS - 2)
        leg = comes_back(house, seat)
        house.until_together(caller, leg)


def test_a_desk_phone_that_is_put_down_ends_the_call_at_once(house):
    _caller, leg, _conversation = house.talking()
    house.switch.hangs_up(leg)
    house.until_state(State.WRAP_UP)
    house.until_clear()


def test_a_silent_listener_is_no_company_and_who_joined_is(tmp_path):
    with exchange(tmp_path, agents=2) as house:
        caller, seat, leg = talking_at_the_desk(house)
        conversation = house.conversation().id
        house.do(supervise, conversation, house.agents[1], Rung.LISTEN)
        mine = house.until_rings("102")
        house.switch.phone_answers(mine)
        until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
        leaves(house, seat, leg)
        house.until_music(caller)
        again = comes_back(house, seat)
        house.until_together(caller, again)
        until(lambda: caller in house.switch.hears_of(mine), 60, "them to hear", every=0.01)
        house.do(supervise, conversation, house.agents[1], Rung.JOIN)
        house.until_together(caller, again, mine)
        leaves(house, seat, again)
        house.later(1)
        assert house.switch.together(caller, mine)
        assert not house.switch.hears_music(caller)
