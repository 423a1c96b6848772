"""What an agent is doing: what they said of themselves, and the work they have at this moment.

The two are kept apart. **Presence** is said by the person, or concluded when they do not answer;
it moves along `TABLE` alone. **Work** is counted from the conversations. The state that everybody
sees follows from both: whoever goes away with a chat still open is busy until it ends, and away
from then on, without anybody having to remember it.

=============== ==================================================================================
presence        what it means
=============== ==================================================================================
offline         signed out, or disabled; who only closes the desk misses the next offer instead
away            at the desk, but nothing may be offered; with a reason
available       may be offered whatever their skills and free capacity allow
not_responding  did not answer an offer; nothing more is offered until they say they are back
=============== ==================================================================================
"""

from __future__ import annotations

from enum import StrEnum

from appliance.domain.transitions import Table


class Presence(StrEnum):
    """What an agent said of themselves."""

    OFFLINE = "offline"
    AWAY = "away"
    AVAILABLE = "available"
    NOT_RESPONDING = "not_responding"


class Said(StrEnum):
    """What changes presence; the last is concluded by the system."""

    SIGN_IN = "sign_in"
    READY = "ready"
    STEP_AWAY = "step_away"
    SIGN_OUT = "sign_out"
    MISS_OFFER = "miss_offer"


# Whoever signs in is away until they say that they are ready: a desk that opens must not ring.
TABLE: Table[Presence, Said] = {
    (Presence.OFFLINE, Said.SIGN_IN): Presence.AWAY,
    (Presence.AWAY, Said.READY): Presence.AVAILABLE,
    (Presence.AWAY, Said.STEP_AWAY): Presence.AWAY,  # with another reason
    (Presence.AWAY, Said.MISS_OFFER): Presence.AWAY,  # it rang when they left
    (Presence.AWAY, Said.SIGN_OUT): Presence.OFFLINE,
    (Presence.AVAILABLE, Said.STEP_AWAY): Presence.AWAY,
    (Presence.AVAILABLE, Said.MISS_OFFER): Presence.NOT_RESPONDING,
    (Presence.AVAILABLE, Said.SIGN_OUT): Presence.OFFLINE,
    (Presence.NOT_RESPONDING, Said.READY): Presence.AVAILABLE,
    (Presence.NOT_RESPONDING, Said.STEP_AWAY): Presence.AWAY,
    (Presence.NOT_RESPONDING, Said.SIGN_OUT): Presence.OFFLINE,
}


class AgentState(StrEnum):
    """What colleagues, wallboard and reports see."""

    OFFLINE = "offline"
    AWAY = "away"
    AVAILABLE = "available"
    NOT_RESPONDING = "not_responding"
    OFFERED = "offered"
    BUSY = "busy"
    WRAP_UP = "wrap_up"


def agent_state(presence: Presence, *, offered: int, active: int, wrapping: int) -> AgentState:
    """What is seen, from the numbers of conversations that ring, are spoken in, are wrapped up."""
    if offered:
        return AgentState.OFFERED
    if active:
        return AgentState.BUSY
    if wrapping:
        return AgentState.WRAP_UP
    return AgentState(presence.value)
