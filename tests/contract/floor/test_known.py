"""What the writer remembers of who waits and who has what is what the tables have."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import update

from appliance.domain.conversation import State
from appliance.domain.transitions import IllegalTransitionError
from appliance.domain.work import UnknownError
from appliance.services import talk
from appliance.services.answer_offer import OfferGoneError, accept_offer, decline_offer
from appliance.services.offer_waiting import offer_waiting, snapshot
from appliance.services.trouble import NotYoursError
from appliance.store.floor_models import ConversationRow

_ELSEWHERE = (IllegalTransitionError, NotYoursError, OfferGoneError, UnknownError)


def _everything(work):
    loads = {agent: list(has) for agent, has in work.loads().items()}
    held = {agent.id: list(work.held_by(agent.id)) for agent in work.agents()}
    return list(work.waiting()), loads, held, snapshot(work, work.waiting(), everybody=True)


def _do(work, what: str, conversation: int, agents: list[int]) -> None:
    agent = work.conversation(conversation).agent or agents[0]
    if what == "offer":
        offer_waiting(work)
    elif what == "accept":
        accept_offer(work, conversation, agent)
    elif what == "decline":
        decline_offer(work, conversation, agent)
    elif what == "hold":
        talk.hold(work, conversation, agent)
    elif what == "end":
        talk.end(work, conversation, agent)
    elif what == "close":
        talk.close(work, conversation, agent)
    else:
        talk.leave(work, conversation)


@pytest.fixture
def open_house(house):
    """Everybody is at work."""
    house.ready(*house.agents)
    return house


_WHAT = st.sampled_from(["come", "offer", "accept", "decline", "hold", "end", "close", "leave"])


@settings(
    max_examples=10, deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)  # fmt: skip
@given(st.lists(st.tuples(_WHAT, st.integers(0, 3)), min_size=5, max_size=15))
def test_whatever_happened(open_house, story):
    house = open_house
    came = [house.come().conversation.id]
    for what, which in story:
        house.clock.advance(1)
        if what == "come":
            came.append(house.come().conversation.id)
            continue
        try:
            house.do(_do, what, came[which % len(came)], house.agents)
        except _ELSEWHERE:
            continue
        assert house.floor.write(_everything) == house.floor.read(_everything)


def test_a_conversation_that_another_node_took_waits_no_more(house):
    number = house.come().conversation.id
    assert [one.id for one in house.floor.write(lambda work: work.waiting())] == [number]
    with house.database.write() as session:
        one = update(ConversationRow).where(ConversationRow.id == number)
        session.execute(one.values(state=State.CLOSED))
    assert house.floor.write(lambda work: list(work.waiting())) == []
