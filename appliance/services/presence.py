"""An agent says whether they are available."""

from __future__ import annotations

from appliance.domain.agent_state import Presence, Said, agent_state
from appliance.domain.conversation import Event, State
from appliance.domain.records import Agent, OfferEnd
from appliance.domain.work import UnknownError, Work
from appliance.services.moves import SYSTEM, by_agent, move, say_presence


def say(work: Work, agent: int, said: Said, *, reason: str = "", who: str = "") -> Agent:
    """Change presence; whatever rings at somebody who leaves goes back to its place.

    Args:
        work: the transaction.
        agent: whose.
        said: what.
        reason: why they are away.
        who: who says it; empty: the agent.

    Raises:
        IllegalTransitionError, UnknownError.
    """
    changed = say_presence(work, work.agent(agent), said, who or by_agent(agent), reason)
    if said in {Said.STEP_AWAY, Said.SIGN_OUT, Said.LOSE_CONNECTION}:
        for one in work.held_by(agent):
            offer = work.ringing(one.id) if one.state is State.OFFERED else None
            if offer is not None:
                work.end_offer(offer.id, OfferEnd.DECLINED)
                move(work, one, Event.DECLINE, SYSTEM, agent=None, only_agent=None)
    return changed


def seen(work: Work, agent: int) -> str:
    """The agent's state as colleagues see it; see `appliance.domain.agent_state`."""
    mine = work.held_by(agent)
    try:
        presence = work.agent(agent).presence
    except UnknownError:  # somebody who has never been at the desk
        presence = Presence.OFFLINE
    count = {state: sum(1 for one in mine if one.state is state) for state in State}
    return agent_state(
        presence,
        offered=count[State.OFFERED],
        active=count[State.ACTIVE] + count[State.HELD],
        wrapping=count[State.WRAP_UP],
    )
