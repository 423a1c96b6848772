"""Does one step of a call, at the switch or in the core; others decide what is to be done."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from appliance.domain.conversation import State
from appliance.domain.kept_calls import CallNow
from appliance.domain.telephony.call import Call, Leg, Step
from appliance.domain.telephony.provider import End, TelephonyProvider
from appliance.domain.work import Floor
from appliance.services.keep_moving import change
from appliance.services.telephony.come_back import ComeBack
from appliance.services.telephony.dialler import STEPS as DIALLED
from appliance.services.telephony.dialler import Dialler
from appliance.services.telephony.follow_call import IN_THE_CORE, LOST, without_leg
from appliance.services.telephony.ringer import Ringer, new_leg, with_leg
from appliance.services.telephony.sayer import Sayer
from appliance.services.telephony.view import View

_RING_SECONDS = 300  # the core ends an offer earlier; this is for when the core is gone
_DESK_SECONDS = 10  # a page that is back picks up by itself


class Steps:
    """See the module.

    Args:
        floor: the core.
        switch: started by whoever has this.
        view: what is known of the switch; learns what was done there.
        ringer: calls agents' phones.
        sayer: plays to callers.
        dialler: calls numbers outside.
        come_back: which agents' pages are waited for.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        view: View,
        ringer: Ringer,
        sayer: Sayer,
        dialler: Dialler,
        come_back: ComeBack,
    ) -> None:
        self._floor, self._switch, self._view = floor, switch, view
        self._ringer, self._sayer, self._dialler = ringer, sayer, dialler
        self._come_back = come_back
        self._at_the_switch: Mapping[Step, Callable[[Call], Call | None]] = {
            Step.ANSWER: self._answer,
            Step.MUSIC: self._music,
            Step.HUSH: self._hush,
            Step.RING_DESK: self._ring_desk,
            Step.DROP_LEG: self._drop_leg,
            Step.JOIN: self._join,
            Step.JOIN_LEG: self._join_leg,
            Step.JOIN_ON: self._join_on,
            Step.HANG_UP: self._hang_up,
        }

    def do(self, step: Step, now: CallNow) -> CallNow | None:
        """What is known of the call afterwards; None: the core moved it, look at it afresh.

        Raises GoneError, and what a use case of the core refuses with.
        """
        call = now.call
        if step in IN_THE_CORE:
            lost = LOST.get(step) if self._view.ended_with_switch(call) else None
            do = lost or IN_THE_CORE[step]
            change(self._floor, lambda work: do(work, call))
            return None
        if step in DIALLED:
            self._dialler.do(step, call, now.queue)
            return None
        if step is Step.PART:
            self._part(call, held=now.conversation.state is State.HELD)
            return now
        kept = self._ring(now) if step is Step.RING else self._at_the_switch[step](call)
        return replace(now, call=kept or call)

    def _answer(self, call: Call) -> None:
        self._switch.answer(call.channel)
        self._view.answered(call.channel)

    def _music(self, call: Call) -> None:
        self._switch.music(call.channel, on=True)
        self._view.hears(call, music=True)

    def _hush(self, call: Call) -> None:
        self._sayer.hush(call.channel)

    def _drop_leg(self, call: Call) -> Call:
        self._switch.hang_up(call.leg)
        return self._floor.write(lambda work: without_leg(work, call))

    def _ring(self, now: CallNow) -> Call | None:
        """Kept before it rings: a crash in between lets the same leg ring again, not a second."""
        call, agent = now.call, now.conversation.agent
        if agent is None:
            return None
        if not call.leg or call.leg_agent != agent:
            call = with_leg(call, agent)
            self._floor.write(lambda work: work.calls.save(call))
        self._view.belongs(call)
        self._ringer.ring(
            call, call.leg, agent, _RING_SECONDS,
            at_once=now.conversation.state is not State.OFFERED,
        )  # fmt: skip
        return call

    def _ring_desk(self, call: Call) -> Call:
        agent = call.leg_agent
        assert agent is not None  # noqa: S101 - it was spoken in at their phone
        call = replace(call, leg=new_leg())
        self._floor.write(lambda work: work.calls.save(call))
        self._come_back.tried(call.conversation)
        self._ringer.ring(call, call.leg, agent, _DESK_SECONDS, at_once=True, desk_alone=True)
        return call

    def _join(self, call: Call) -> Call:
        if not call.spoken:
            call = replace(call, spoken=True)
            self._floor.write(lambda work: work.calls.save(call))
        self._meet(call, call.leg)
        return call

    def _join_on(self, call: Call) -> None:
        self._meet(call, call.onward)

    def _meet(self, call: Call, leg: str) -> None:
        if self._view.may_be_silent(call.bridge):
            self._switch.silence(call.bridge, on=False)
            self._view.silence(call.bridge, on=False)
        if self._view.room_of(leg) == call.bridge:  # joined anew it would leave first, and
            self._switch.join(call.bridge, call.channel)  # what records an empty room ends
        else:
            self._switch.join(call.bridge, leg, call.channel)
            self._view.stands_in_room(leg, call.bridge)
        self._view.in_room(call, joined=True)

    def _join_leg(self, call: Call) -> None:
        self._switch.join(call.bridge, call.leg)
        self._view.stands_in_room(call.leg, call.bridge)

    def _part(self, call: Call, *, held: bool) -> None:
        self._switch.leave(call.bridge, call.channel)
        self._view.in_room(call, joined=False)
        if held:  # so that the agent still hears whoever whispers
            self._view.silence(call.bridge, on=True)
            self._switch.silence(call.bridge, on=True)

    def _hang_up(self, call: Call) -> None:
        for channel in (call.channel, call.leg, call.asked_by, call.onward):
            if channel and self._view.leg_of(channel, spoken=False)[0] is not Leg.GONE:
                self._switch.hang_up(channel)
                self._view.ended(channel, End.HUNG_UP)
        self._view.in_room(call, joined=False)
