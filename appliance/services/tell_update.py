"""Desks learn that an update waits for this program, and when it waits no more."""

from __future__ import annotations

from appliance.domain.work import Work
from appliance.services.moves import SYSTEM


def tell_update(work: Work, told: bool) -> bool:
    """Tell everybody at a desk when it has changed; answers what is told now.

    It is no event of the record: nothing happened to anybody's work.
    """
    if work.drained != told:
        work.tell("agent.updating", who=SYSTEM, data={"updating": work.drained}, kept=False)
    return work.drained
