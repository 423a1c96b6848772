"""The tone by which those who are supervised hear it, where the law of the place asks for it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass

from appliance.domain.telephony.call import Call, Leg
from appliance.domain.telephony.policy import PhonePolicy
from appliance.domain.telephony.provider import HeardBy, TelephonyProvider
from appliance.domain.telephony.supervision import Rung, Supervision
from appliance.services.telephony.view import View
from common.clock import Clock

BEEP = "beep-"  # how the channels of beeps begin
_TONE = "beep"  # of the switch's own sounds: a fifth of a second
_HEARD_BY = {"agent": HeardBy.PHONE, "all": HeardBy.ALL}


@dataclass
class _Tone:
    """A beep on its way."""

    conversation: int
    sounds: bool = False


@dataclass
class _Heard:
    """For one supervisor's phone, in memory alone: at worst it beeps once more."""

    rung: Rung
    next_at: float


class Beeps:
    """See the module.

    Args:
        switch: started by whoever has this.
        view: what is known of the switch.
        clock: for the next one.
        again: looks at a call after so many seconds.
    """

    def __init__(
        self, switch: TelephonyProvider, view: View, clock: Clock,
        again: Callable[[int, float], None],
    ) -> None:  # fmt: skip
        self._switch, self._view, self._clock, self._again = switch, view, clock, again
        self._heard: dict[str, _Heard] = {}  # by the supervisor's phone
        self._tones: dict[str, _Tone] = {}  # by channel

    def owns(self, channel: str) -> bool:
        """Whether it is one of these."""
        return channel in self._tones

    def due(self, one: Supervision, call: Call, policy: PhonePolicy) -> None:
        """Beep on each new rung, and every so often, as the call's queue says."""
        supervisor, _why = self._view.leg_of(one.leg, spoken=one.spoken)
        if supervisor is not Leg.UP or self._view.leg(call)[0] is not Leg.UP:
            return
        heard_by = _HEARD_BY.get(policy.beep)
        if heard_by is None:
            return
        now = self._clock.now().timestamp()
        heard = self._heard.get(one.leg)
        if (
            heard is not None
            and heard.rung is one.rung
            and (not policy.beep_every or now < heard.next_at)
        ):
            return
        self._heard[one.leg] = _Heard(one.rung, now + policy.beep_every)
        beep = BEEP + secrets.token_hex(6)
        self._tones[beep] = _Tone(call.conversation)
        with self._view.asking(beep, call.conversation):
            self._switch.lend_ear(beep, call.leg, hears=False, heard_by=heard_by)
        if policy.beep_every:
            self._again(call.conversation, policy.beep_every)

    def sound(self, conversation: int) -> None:
        """Play those for which there is an ear now; end those that were heard."""
        for beep, tone in list(self._tones.items()):
            leg, _why = self._view.leg_of(beep, spoken=False)
            if tone.conversation != conversation or leg is Leg.RINGING:
                continue
            if leg is Leg.UP and not tone.sounds:
                tone.sounds = True
                self._view.plays(beep, f"tone-{beep}")
                self._switch.play(beep, [_TONE], f"tone-{beep}")
            elif leg is not Leg.UP or not self._view.playing(beep):
                del self._tones[beep]
                self._switch.hang_up(beep)

    def forget(self, one: Supervision) -> None:
        """They supervise no more."""
        self._heard.pop(one.leg, None)
