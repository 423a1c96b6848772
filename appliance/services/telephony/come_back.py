"""Agents whose page in the desk goes away in a call: it is loaded anew, or the browser died.

They are waited for a while, and their phone in the desk is rung as soon as it is back. That stands
in memory alone: after a kill in these seconds the call ends as if they had put the phone down.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.telephony.call import Back, Call, Leg
from appliance.domain.telephony.seats import is_seat
from appliance.services.telephony.view import View
from common.clock import Clock

# Seconds between two tries, and before the first: for a moment the switch still knows the page that
# is gone, and what would ring there for nothing keeps the one that is back waiting.
_BETWEEN = 1.0


@dataclass
class _Waits:
    """Moments of the monotonic clock."""

    until: float
    next: float


class ComeBack:
    """See the module.

    Args:
        view: what is known of the switch.
        clock: for how long.
        seconds: so long each is waited for; 0: not at all.
        again: asks to look at a conversation again after so many seconds.
    """

    def __init__(
        self, view: View, clock: Clock, seconds: float, again: Callable[[int, float], None]
    ) -> None:
        self._view, self._clock, self._seconds, self._again = view, clock, seconds, again
        self._waits: dict[int, _Waits] = {}

    def of(self, call: Call) -> Back | None:
        """Whether the agent of a call that is spoken in is waited for; None: they are not."""
        leg, _why = self._view.leg(call)
        if leg is Leg.UP:
            self.drop(call.conversation)
        if leg is not Leg.GONE or not call.spoken or not self._seconds:
            return None
        now = self._clock.monotonic()
        waits = self._waits.get(call.conversation)
        if waits is None:
            if not is_seat(self._view.phone_of(call.leg)):
                return None
            waits = self._waits[call.conversation] = _Waits(now + self._seconds, now + _BETWEEN)
        if now >= waits.until:
            return None
        if now >= waits.next:
            return Back.NOW
        self._again(call.conversation, waits.next - now)
        return Back.LATER

    def tried(self, conversation: int) -> None:
        """The phone was rung just now."""
        waits = self._waits.get(conversation)
        if waits is not None:
            waits.next = self._clock.monotonic() + _BETWEEN

    def drop(self, conversation: int) -> None:
        """Nobody is waited for any more."""
        self._waits.pop(conversation, None)
