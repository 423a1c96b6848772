"""An agent says whether they are available."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from appliance.domain.agent_state import AgentState, Said, agent_state
from appliance.domain.conversation import Event, State
from appliance.domain.labels import check_away
from appliance.domain.records import Agent, Conversation, OfferEnd
from appliance.domain.work import UnknownError, Work
from appliance.services.moves import SYSTEM, by_agent, move, say_presence


def say(work: Work, agent: int, said: Said, *, reason: str = "", who: str = "") -> Agent:
    """Change presence; whatever rings at somebody who leaves goes back to its place.

    Who is ready again is asked again, also about what they missed before.

    Args:
        work: the transaction.
        agent: whose.
        said: what.
        reason: why they are away: the word of a label that is offered; empty: not said.
        who: who says it; empty: the agent.

    Raises:
        IllegalTransitionError, UnknownError, WrongInputError.
    """
    if reason:
        check_away(work.labels.all(), reason)
    changed = say_presence(work, work.agent(agent), said, who or by_agent(agent), reason)
    if said in {Said.STEP_AWAY, Said.SIGN_OUT}:
        for one in work.held_by(agent):
            offer = work.ringing(one.id) if one.state is State.OFFERED else None
            if offer is not None:
                work.end_offer(offer.id, OfferEnd.DECLINED)
                move(work, one, Event.DECLINE, SYSTEM, agent=None, only_agent=None)
    if said is Said.READY:
        for one in work.waiting():
            if agent in one.declined:
                work.save(replace(one, declined=one.declined - {agent}))
    return changed


def seen(work: Work, agent: int) -> str:
    """The agent's state as colleagues see it; see `appliance.domain.agent_state`."""
    try:
        found = work.agent(agent)
    except UnknownError:  # somebody who has never been at the desk
        found = Agent(agent, "")
    return state_of(found, work.held_by(agent), asked_in=agent in work.participants.weigh())


def state_of(agent: Agent, mine: Sequence[Conversation], *, asked_in: bool) -> AgentState:
    """The same from what they have; ``asked_in``: into a colleague's call."""
    count = Counter(one.state for one in mine)
    return agent_state(
        agent.presence,
        offered=count[State.OFFERED],
        active=count[State.ACTIVE] + count[State.HELD] + asked_in,
        wrapping=count[State.WRAP_UP],
    )
