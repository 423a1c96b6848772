"""Lets an agent's phones ring as one leg of a call: for its agent, a colleague, a supervisor."""

from __future__ import annotations

import secrets

from appliance.domain.telephony.call import Call
from appliance.domain.telephony.phones import Phones
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.domain.telephony.seats import devices_of
from appliance.services.telephony.view import View

LEG = "leg-"  # how the channels begin by which an agent's phones ring


def new_leg() -> str:
    """The channel of one; it is kept before it rings."""
    return LEG + secrets.token_hex(8)


class Ringer:
    """See the module.

    Args:
        switch: started by whoever has this.
        phones: who has which phone.
        view: what is known of the switch.
    """

    def __init__(self, switch: TelephonyProvider, phones: Phones, view: View) -> None:
        self._switch, self._phones, self._view = switch, phones, view

    def ring(
        self, call: Call, leg: str, agent: int, seconds: int, *, at_once: bool = False
    ) -> None:
        """Let them ring, with the number of whom the call is with."""
        caller = call.number or self._view.number_of(call.channel)
        devices = devices_of(agent, self._phones.of(agent))
        with self._view.asking(leg, call.conversation):
            self._switch.call(leg, devices, caller, seconds, at_once=at_once)
