"""What callers go through and hear before an agent speaks with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.telephony.dialling import Dialling
from appliance.domain.telephony.flow import Flows
from appliance.services.telephony.sayer import Speaks, Words
from appliance.services.telephony.tape import Shelf
from appliance.services.waiting_places import Place
from common.clock import Clock


@dataclass(frozen=True)
class FrontDesk:
    """See the module.

    Attributes:
        flows: those that are published.
        speech: makes prompts audible.
        place: where a conversation stands in its queue; None: it does not wait.
        words: texts for announcements.
        clock: for what is due.
        shelf: where recordings go.
        dialling: which numbers outside may be called.
        return_seconds: so long an agent whose page in the desk goes away in a call is waited for.
        lost_seconds: so long calls go on at a switch that is not reached.
    """

    flows: Flows
    speech: Speaks
    place: Callable[[int], Place | None]
    words: Words
    clock: Clock
    shelf: Shelf
    dialling: Dialling = Dialling()
    return_seconds: float = 20.0
    lost_seconds: float = 120.0
