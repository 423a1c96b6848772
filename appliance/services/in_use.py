"""Whether anybody is spoken with, so that the program must not be restarted now."""

from __future__ import annotations

from appliance.domain.conversation import State
from appliance.domain.work import Floor, Work
from appliance.services.waiting_update import WaitingUpdate

_LIVE = frozenset({State.OFFERED, State.ACTIVE, State.HELD})


def in_use(floor: Floor, update: WaitingUpdate) -> str:
    """Why it cannot be restarted, in a few words for the updater; empty when it can.

    Who waits in a queue, and after-call work, survive a restart; a conversation would be cut.
    Nor is it while people at the desk have put the update off.
    """
    if put_off := update.in_the_way():
        return put_off

    def count(work: Work) -> int:
        held = (one for agent in work.loads().values() for one in agent)
        return len({one.id for one in held if one.state in _LIVE})

    live = floor.read(count)
    return f"{live} conversation{'s' * (live != 1)}" if live else ""
