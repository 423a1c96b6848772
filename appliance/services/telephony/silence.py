"""Whether the switch answers, told to the core and to the desks.

While it is silent no call is offered, since no phone would ring; see
`appliance.domain.telephony.channels.can_ring`. It is noticed some seconds late: whoever seems to
have missed a call in that time is available again.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from appliance.domain.agent_state import Presence, Said
from appliance.domain.telephony.channels import CALLS
from appliance.domain.work import Floor, Work
from appliance.services.keep_moving import change
from appliance.services.moves import SYSTEM
from appliance.services.presence import say

# A process that dies while the switch is silent leaves that word for so long; it is renewed before.
_WORD_SECONDS = 20.0
Keep = Callable[[float], object]


class Silence:
    """See the module; one thread at a time.

    Args:
        floor: the core.
        keep: keeps for all processes that it is silent, for so many seconds from now; 0: it
            is not.
        noticed: seconds after which a silence is noticed, at most.
    """

    def __init__(self, floor: Floor, keep: Keep, noticed: float) -> None:
        self._floor, self._keep = floor, keep
        self._noticed = timedelta(seconds=noticed)
        self._told: bool | None = None

    def tell(self, *, silent: bool) -> None:
        """So it is at this moment; to be said again within 20 seconds while it is silent."""
        self._keep(_WORD_SECONDS if silent else 0.0)
        if silent is self._told:
            return

        def job(work: Work) -> None:
            if silent:
                forgive(work, work.now - self._noticed)
            work.tell("agent.switch", who=SYSTEM, data={"silent": silent}, kept=False)

        change(self._floor, job)
        self._told = silent


def forgive(work: Work, since: datetime) -> None:
    """Who did not answer a call from ``since`` on could not hear it, or was not heard."""
    missed = {
        agent
        for one in work.waiting()
        if one.channel in CALLS and one.state_since is not None and one.state_since >= since
        for agent in one.declined
    }
    for agent in map(work.agent, sorted(missed)):
        concluded = agent.presence is Presence.NOT_RESPONDING and agent.presence_since
        if concluded and concluded >= since:
            say(work, agent.id, Said.READY, who=SYSTEM)
