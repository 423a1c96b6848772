"""Desks learn that an update waits for this program, and when it waits no more."""

from __future__ import annotations

from appliance.domain.agent_state import Presence
from appliance.domain.work import Work
from appliance.services.moves import SYSTEM


def tell_update(work: Work, told: bool) -> bool:
    """Tell everybody at a desk when it has changed; answers what is told now.

    It is no event of the record: nothing happened to anybody's work.
    """
    if work.drained != told:
        for agent in work.agents():
            if agent.presence is not Presence.OFFLINE:
                work.tell(
                    "agent.updating", who=SYSTEM, agent=agent.id,
                    data={"updating": work.drained}, kept=False,
                )  # fmt: skip
    return work.drained
