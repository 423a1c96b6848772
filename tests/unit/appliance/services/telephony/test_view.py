"""What is known of the switch stays true while it is asked what it has."""

from collections.abc import Callable

from appliance.domain.telephony.call import Call, Leg
from appliance.domain.telephony.provider import Channel, End
from appliance.services.telephony.view import View
from tests.support.fake_telephony import FakeSwitch

NUMBER = "100"


class _Slow(FakeSwitch):
    """Something happens after it has looked and before its answer is read."""

    meanwhile: Callable[[], object] = staticmethod(lambda: None)

    def channels(self) -> list[Channel]:
        found = super().channels()
        self.meanwhile()
        return found


def _arrives(view: View, switch: FakeSwitch) -> str:
    name = switch.arrives(NUMBER)
    view.arrived(Channel(name, False, "", NUMBER))
    return name


def test_a_caller_who_arrives_while_the_switch_answers_is_there():
    view, switch = View(), _Slow()
    first = _arrives(view, switch)
    came: list[str] = []
    switch.meanwhile = lambda: came.append(_arrives(view, switch))
    view.look(switch)
    assert view.there(first)
    assert view.there(came[0])
    assert view.leg_of(came[0], spoken=False) == (Leg.RINGING, None)


def test_a_caller_who_hangs_up_while_the_switch_answers_is_gone():
    view, switch = View(), _Slow()
    caller = _arrives(view, switch)

    def hangs_up() -> None:
        switch.hangs_up(caller)
        view.ended(caller, End.HUNG_UP)

    switch.meanwhile = hangs_up
    view.look(switch)
    assert not view.there(caller)


def test_what_the_switch_no_longer_has_has_hung_up_and_is_in_no_room():
    view, switch = View(), FakeSwitch()
    caller = _arrives(view, switch)
    view.stands_in_room(caller, "call-1")
    switch.hangs_up(caller)
    view.look(switch)
    assert view.leg_of(caller, spoken=False) == (Leg.GONE, End.HUNG_UP)
    assert view.room_of(caller) == ""


def test_who_left_a_room_while_the_switch_answers_is_not_in_it_again():
    view, switch = View(), _Slow()
    caller = _arrives(view, switch)
    call = Call(1, caller)
    switch.join(call.bridge, caller)
    view.look(switch)
    assert view.room_of(caller) == call.bridge
    listed = switch.bridges()

    def leaves() -> None:
        switch.leave(call.bridge, caller)
        view.in_room(call, joined=False)

    switch.meanwhile = leaves
    switch.bridges = lambda: listed  # type: ignore[method-assign]
    view.look(switch)
    assert view.room_of(caller) == ""


def test_an_end_is_news_once():
    view, switch = View(), FakeSwitch()
    caller = _arrives(view, switch)
    assert view.ended(caller, End.HUNG_UP)
    assert not view.ended(caller, End.HUNG_UP)


def test_an_end_that_was_seen_by_looking_is_still_news_when_it_is_told():
    view, switch = View(), FakeSwitch()
    caller = _arrives(view, switch)
    switch.hangs_up(caller)
    view.look(switch)
    assert view.ended(caller, End.HUNG_UP)
    assert not view.ended(caller, End.HUNG_UP)


def test_of_a_call_that_is_over_an_end_that_is_told_late_is_not_remembered():
    view, switch = View(), FakeSwitch()
    caller = _arrives(view, switch)
    call = Call(1, caller)
    view.belongs(call)
    view.ended(caller, End.HUNG_UP)
    view.drop(call)
    assert not view.ended(caller, End.HUNG_UP)
    assert view.leg_of(caller, spoken=False) == (Leg.NONE, None)


def test_of_the_calls_of_another_switch_those_that_are_there_are_not_left_behind():
    view, switch = View(), FakeSwitch()
    before, new = Call(1, "caller-of-before"), Call(2, _arrives(view, switch))
    view.leave_behind([before, new])
    assert view.ended_with_switch(before)
    assert not view.ended_with_switch(new)
