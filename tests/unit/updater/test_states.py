from __future__ import annotations

import pytest

from updater.states import OPEN, TABLE, Event, IllegalTransitionError, State, after


def test_every_state_is_reached_and_every_event_is_used():
    assert set(TABLE.values()) == set(State)
    assert {old for old, _event in TABLE} == set(State)
    assert {event for _old, event in TABLE} == set(Event)


@pytest.mark.parametrize("state", State)
def test_from_every_state_there_is_a_way_back_to_idle(state):
    reached, waiting = {state}, [state]
    while waiting:
        here = waiting.pop()
        for (old, _event), new in TABLE.items():
            if old is here and new not in reached:
                reached.add(new)
                waiting.append(new)
    assert State.IDLE in reached


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_a_missing_pair_is_the_illegal_transition(state, event):
    if (state, event) in TABLE:
        assert after(state, event) is TABLE[state, event]
    else:
        with pytest.raises(IllegalTransitionError, match=f"{event} in the state {state}"):
            after(state, event)


def test_the_running_release_is_replaced_only_through_waiting_and_switching():
    assert [old for (old, _e), new in TABLE.items() if new is State.SWITCHING] == [State.WAITING]
    assert [old for (old, _e), new in TABLE.items() if new is State.PROBATION] == [State.SWITCHING]
    assert [old for (old, _e), new in TABLE.items() if new is State.COMMITTED] == [State.PROBATION]


def test_a_target_is_withdrawn_only_while_nothing_was_switched():
    assert {old for old, event in TABLE if event is Event.WITHDRAWN} == OPEN
