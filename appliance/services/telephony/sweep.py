"""Looks at all that the switch has once it was reached: what goes on, is new, or ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from appliance.domain.telephony.call import ROOM, Call
from appliance.domain.telephony.provider import Channel, TelephonyProvider
from appliance.domain.telephony.recording import CallRecording, What
from appliance.domain.work import Floor
from appliance.services.telephony.outgoing import OUT
from appliance.services.telephony.ringer import LEG
from appliance.services.telephony.sayer import Sayer
from appliance.services.telephony.supervisor_legs import SupervisorLegs
from appliance.services.telephony.tape import Tape
from appliance.services.telephony.view import View
from common.logs import get_logger

log = get_logger(__name__)


class Sweep:
    """See the module.

    Args:
        floor: the core.
        switch: started by whoever has this.
        view: what is known of the switch; fresh afterwards.
        tape: the recordings.
        sayer: plays to callers.
        supervisors: who listens in.
        take: makes a conversation of a caller whom nobody knows yet; later, in another thread.
        look: looks at a call; later, too.
    """

    def __init__(
        self,
        floor: Floor,
        switch: TelephonyProvider,
        view: View,
        tape: Tape,
        sayer: Sayer,
        supervisors: SupervisorLegs,
        take: Callable[[Channel], None],
        look: Callable[[int], None],
    ) -> None:
        self._floor, self._switch, self._view = floor, switch, view
        self._tape, self._sayer, self._supervisors = tape, sayer, supervisors
        self._take, self._look = take, look

    def everything(self) -> None:
        """Once after each connection."""
        unfinished = self._tape.unfinished()  # first: what begins from now on has its room
        channels, bridges = self._view.look(self._switch)
        for channel in channels:
            if channel.called:
                self._sayer.adopt(channel.id)
        if self._view.another:  # before anything is concluded of its calls
            self._view.leave_behind(self._going_on())
        self._view.fresh = True
        known = self._going_on()
        rooms = {one.id for one in bridges}
        callers = {channel for call in known for channel in (call.channel, call.asked_by)}
        ours = callers | self._own_legs(known)
        self._put_away(unfinished.values(), {one.id for one in channels}, rooms, known)
        for call in known:
            self._view.belongs(call)
            self._look(call.conversation)
        for channel in channels:
            if channel.called and channel.id not in callers:
                self._take(channel)
            elif channel.id.startswith((LEG, OUT)) and channel.id not in ours:
                self._switch.hang_up(channel.id)
        self._supervisors.found([one.id for one in channels], rooms)
        for room in rooms - {call.bridge for call in known}:
            if room.startswith(ROOM):
                self._switch.drop_bridge(room)
        log.info("calls.adopted", calls=len(known), channels=len(channels))

    def _going_on(self) -> list[Call]:
        return self._floor.read(lambda work: list(work.calls.going_on()))

    def _own_legs(self, known: Sequence[Call]) -> set[str]:
        """Of agents, guests and supervisors; the view learns whose the guests' are."""
        guests = self._floor.read(lambda work: list(work.guests.legs()))
        for guest in guests:
            self._view.owns(guest.leg, guest.conversation)
        legs = {leg for call in known for leg in (call.leg, call.onward)}
        return legs | {one.leg for one in guests} | set(self._supervisors.legs())

    def _put_away(
        self,
        unfinished: Iterable[CallRecording],
        channels: set[str],
        rooms: set[str],
        known: Sequence[Call],
    ) -> None:
        """Recordings of what is no more: their end was told to nobody."""
        callers = {call.conversation: call.channel for call in known}
        for recording in unfinished:
            going = recording.conversation in callers
            if recording.what is What.VOICEMAIL and going:  # its call's next step
                if callers[recording.conversation] not in channels:
                    self._view.left_message(recording.conversation)
            elif not going or f"{ROOM}{recording.conversation}" not in rooms:
                self._tape.keep(recording)
