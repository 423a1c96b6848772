from __future__ import annotations

import pytest

from appliance.domain import agent_state, conversation
from appliance.domain.agent_state import AgentState, Presence, Said
from appliance.domain.conversation import AT_AN_AGENT, ENDED, WAITING, Event, State
from appliance.domain.transitions import IllegalTransitionError, after, possible

TABLES = [
    pytest.param(conversation.TABLE, State, Event, id="conversation"),
    pytest.param(agent_state.TABLE, Presence, Said, id="presence"),
]


@pytest.mark.parametrize(("table", "states", "events"), TABLES)
def test_every_state_can_be_reached_and_left_and_every_event_is_used(table, states, events):
    begins = {State.NEW, Presence.OFFLINE}
    assert set(table.values()) | begins >= set(states)
    assert {old for old, _event in table} == set(states)
    assert {event for _old, event in table} == set(events)


@pytest.mark.parametrize(("table", "states", "events"), TABLES)
def test_a_missing_pair_is_the_illegal_transition_and_says_what_is_possible(table, states, events):
    for state in states:
        for event in events:
            if (state, event) in table:
                assert after(table, state, event) is table[state, event]
            else:
                with pytest.raises(IllegalTransitionError) as refused:
                    after(table, state, event)
                assert refused.value.possible == possible(table, state)
                assert f"{event} is not possible in the state {state}" in str(refused.value)


def walk(*events: Event) -> State:
    state = State.NEW
    for event in events:
        state = after(conversation.TABLE, state, event)
    return state


def test_a_conversation_goes_its_usual_way():
    done = walk(Event.QUEUE, Event.OFFER, Event.ACCEPT, Event.HOLD, Event.RESUME, Event.END,
                Event.CLOSE)  # fmt: skip
    assert done is State.CLOSED


def test_an_offer_that_nobody_takes_waits_again():
    assert walk(Event.QUEUE, Event.OFFER, Event.MISS) is State.QUEUED
    assert walk(Event.QUEUE, Event.OFFER, Event.DECLINE) is State.QUEUED


def test_a_transferred_conversation_finds_its_next_agent():
    begun = (Event.QUEUE, Event.OFFER, Event.ACCEPT, Event.TRANSFER)
    assert walk(*begun, Event.QUEUE, Event.OFFER, Event.ACCEPT) is State.ACTIVE
    assert walk(*begun, Event.OFFER, Event.MISS) is State.QUEUED


@pytest.mark.parametrize("state", State)
def test_every_conversation_can_end(state):
    reached, look = {state}, [state]
    while look:
        here = look.pop()
        for (old, _event), new in conversation.TABLE.items():
            if old is here and new not in reached:
                reached.add(new)
                look.append(new)
    assert reached & ENDED


def test_a_contact_may_leave_whenever_nobody_has_answered():
    for state in WAITING - {State.TRANSFERRED}:
        assert after(conversation.TABLE, state, Event.LEAVE) is State.ABANDONED
    for state in AT_AN_AGENT - {State.OFFERED}:
        with pytest.raises(IllegalTransitionError):
            after(conversation.TABLE, state, Event.LEAVE)


def test_a_missed_offer_makes_an_available_agent_not_responding_until_they_are_ready_again():
    missed = after(agent_state.TABLE, Presence.AVAILABLE, Said.MISS_OFFER)
    assert missed is Presence.NOT_RESPONDING
    assert after(agent_state.TABLE, missed, Said.READY) is Presence.AVAILABLE


def test_signing_in_does_not_make_available():
    assert after(agent_state.TABLE, Presence.OFFLINE, Said.SIGN_IN) is Presence.AWAY


@pytest.mark.parametrize(
    ("presence", "work", "seen"),
    [
        (Presence.AVAILABLE, (0, 0, 0), AgentState.AVAILABLE),
        (Presence.AVAILABLE, (1, 2, 0), AgentState.OFFERED),
        (Presence.AWAY, (0, 1, 1), AgentState.BUSY),
        (Presence.AWAY, (0, 0, 1), AgentState.WRAP_UP),
        (Presence.AWAY, (0, 0, 0), AgentState.AWAY),
        (Presence.NOT_RESPONDING, (0, 0, 0), AgentState.NOT_RESPONDING),
        (Presence.OFFLINE, (0, 0, 0), AgentState.OFFLINE),
    ],
)
def test_what_is_seen_of_an_agent_follows_from_presence_and_work(presence, work, seen):
    offered, active, wrapping = work
    found = agent_state.agent_state(presence, offered=offered, active=active, wrapping=wrapping)
    assert found is seen
