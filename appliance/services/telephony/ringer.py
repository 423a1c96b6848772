"""Lets phones ring as one leg of a call: of an agent, a colleague, a supervisor; or one outside."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace

from appliance.domain.telephony.call import Call
from appliance.domain.telephony.dialling import Dialling, NumberRefusedError
from appliance.domain.telephony.phones import Phones
from appliance.domain.telephony.provider import End, TelephonyProvider
from appliance.domain.telephony.seats import devices_of
from appliance.services.telephony.view import View
from common.logs import get_logger

log = get_logger(__name__)

LEG = "leg-"  # how the channels begin by which an agent's phones ring


def new_leg() -> str:
    """The channel of one; it is kept before it rings."""
    return LEG + secrets.token_hex(8)


def with_leg(call: Call, agent: int | None) -> Call:
    """A new one is to ring at the agent's."""
    return replace(call, leg=new_leg(), leg_agent=agent, spoken=False)


class Ringer:
    """See the module.

    Args:
        switch: started by whoever has this.
        phones: who has which phone.
        view: what is known of the switch.
        rules: which numbers outside may be called.
    """

    def __init__(
        self, switch: TelephonyProvider, phones: Phones, view: View, rules: Dialling
    ) -> None:
        self._switch, self._phones, self._view, self._rules = switch, phones, view, rules

    def ring(
        self, call: Call, leg: str, agent: int, seconds: int, *,
        at_once: bool = False, desk_alone: bool = False,
    ) -> None:  # fmt: skip
        """Let them ring, with the number of whom the call is with."""
        caller = call.number or self._view.number_of(call.channel)
        devices = devices_of(agent, [] if desk_alone else self._phones.of(agent))
        with self._view.asking(leg, call.conversation):
            self._switch.call(leg, devices, caller, seconds, at_once=at_once)

    def dial(
        self, conversation: int, leg: str, number: str, own: str,
        first: Callable[[], object] = lambda: None,
    ) -> None:  # fmt: skip
        """Call a number outside; one that may not be called any more counts as failed.

        Args:
            conversation: the call's.
            leg: its channel.
            number: as it was asked for; the rules can have changed since.
            own: that is shown there; empty: the one of the rules.
            first: done before it is called, and only if it is.
        """
        try:
            dialled = self._rules.judge(number)
        except NumberRefusedError as error:
            log.warning("call.not_dialled", call=conversation, reason=error.kind)
            self._view.owns(leg, conversation)
            self._view.ended(leg, End.FAILED)
            return
        with self._view.asking(leg, conversation):
            first()
            self._switch.dial(leg, dialled, own or self._rules.caller, self._rules.seconds)
