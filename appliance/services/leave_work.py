"""Somebody may not work here any more: what they had is for others, and nothing new is for them."""

from __future__ import annotations

from dataclasses import replace

from appliance.domain.agent_state import Presence, Said
from appliance.domain.conversation import SPOKEN_IN, Event, State
from appliance.domain.work import UnknownError, Work
from appliance.services.moves import SYSTEM, move
from appliance.services.presence import say


def leave_work(work: Work, agent: int) -> None:
    """They are offline, and who speaks with them is back at the old place.

    A call ends by itself with their phone. Notes close as when their time is over.
    """
    try:
        found = work.agent(agent)
    except UnknownError:
        return  # they were never at the desk
    if found.presence is not Presence.OFFLINE:
        say(work, agent, Said.SIGN_OUT, who=SYSTEM)
    for one in work.held_by(agent):
        if one.state is State.WRAP_UP:
            work.save(replace(one, closes_at=work.now))
        elif one.state in SPOKEN_IN and one.queue is not None and work.calls.of(one.id) is None:
            move(work, one, Event.LOSE_AGENT, SYSTEM, agent=None, only_agent=None)
