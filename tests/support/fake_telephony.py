"""A switch in memory, for tests: the same words, and hands for callers and phones.

It tells an event before the method that caused it returns, as a quick switch may; tests that want
another order hold it back with `hold`.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field

from appliance.domain.telephony.provider import (
    Answered,
    Arrived,
    Bridge,
    Channel,
    Connected,
    End,
    Ended,
    GoneError,
    HeardBy,
    Lost,
    Played,
    Pressed,
    Recorded,
    SwitchEvent,
    Told,
)
from common.errors import NetworkError, RemoteError


@dataclass
class _Leg:
    up: bool
    caller: str = ""
    called: str = ""
    extension: str = ""
    music: bool = False
    heard: list[str] = field(default_factory=list)
    at_once: bool = False
    ear_at: str = ""
    hears: bool = False
    heard_by: HeardBy = HeardBy.NOBODY
    shows: str = ""
    rings: bool = False


@dataclass
class FakeSwitch:
    """See `appliance.domain.telephony.provider.TelephonyProvider`.

    Attributes:
        phones: extensions that are signed in.
        held: events that are not told yet; None: all are told at once.
        answering: extensions and numbers that pick up by themselves.
        trunk: whether numbers outside can be called.
        silent: rooms in which silence is heard.
        muted: channels that nobody hears.
        no_ears: by whom ears may not be heard: the switch refuses them.
        dialled: those that were, one after the other.
        program: another one after each end; None: that cannot be told.
    """

    phones: set[str] = field(default_factory=set)
    held: list[SwitchEvent] | None = None
    _told: Told | None = None
    _legs: dict[str, _Leg] = field(default_factory=dict)
    _rooms: dict[str, set[str]] = field(default_factory=dict)
    _playing: dict[str, str] = field(default_factory=dict)
    _recording: dict[str, str] = field(default_factory=dict)
    paused: set[str] = field(default_factory=set)
    silent: set[str] = field(default_factory=set)
    muted: set[str] = field(default_factory=set)
    no_ears: set[HeardBy] = field(default_factory=set)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    away: bool = False
    answering: set[str] = field(default_factory=set)
    trunk: bool = True
    dialled: list[str] = field(default_factory=list)
    program: int | None = 1

    # What the appliance does.

    def start(self, told: Told) -> None:
        """See the interface."""
        self._told = told
        self._tell(Connected())

    def stop(self) -> None:
        """See the interface."""
        self._told = None

    def channels(self) -> list[Channel]:
        """See the interface."""
        self._reach()
        return [
            Channel(i, leg.up, leg.caller, leg.called, leg.extension)
            for i, leg in list(self._legs.items())
        ]

    def bridges(self) -> list[Bridge]:
        """See the interface."""
        self._reach()
        return [Bridge(i, frozenset(inside)) for i, inside in list(self._rooms.items())]

    def answer(self, channel: str) -> None:
        """See the interface."""
        self._leg(channel).up = True

    def hang_up(self, channel: str) -> None:
        """See the interface."""
        self._reach()
        if channel in self._legs:
            self._end(channel, End.HUNG_UP if self._legs[channel].up else End.NO_ANSWER)

    def call(
        self, leg: str, phones: Sequence[str], caller: str, seconds: int, *, at_once: bool = False
    ) -> None:
        """See the interface."""
        self._reach()
        if leg in self._legs:
            return
        first = next((name for name in phones if name in self.phones), None)
        if first is None:
            self._tell(Ended(leg, End.UNREACHABLE))
            return
        self._legs[leg] = _Leg(up=False, extension=first, at_once=at_once)
        if first in self.answering:
            self.phone_answers(leg)

    def dial(self, leg: str, number: str, caller: str, seconds: int) -> None:
        """See the interface."""
        self._reach()
        if leg in self._legs:
            return
        if not self.trunk:
            self._tell(Ended(leg, End.UNREACHABLE))
            return
        self._legs[leg] = _Leg(up=False, extension=number, shows=caller)
        self.dialled.append(number)
        if number in self.answering:
            self.phone_answers(leg)

    def ring(self, channel: str, on: bool) -> None:
        """See the interface."""
        self._leg(channel).rings = on

    def music(self, channel: str, on: bool) -> None:
        """See the interface."""
        self._leg(channel).music = on

    def drop_bridge(self, bridge: str) -> None:
        """See the interface."""
        self._reach()
        self._rooms.pop(bridge, None)
        self.silent.discard(bridge)
        self._no_more(bridge)

    def join(self, bridge: str, *channels: str) -> None:
        """See the interface."""
        for channel in channels:
            self._leg(channel)
            if self.hears(channel):  # the switch does it afterwards, and its answer comes then
                raise NetworkError(f"{channel} still hears something.")
        self._rooms.setdefault(bridge, set())
        for channel in channels:
            self._enter(bridge, channel)

    def _enter(self, bridge: str, channel: str) -> None:
        leg = self._leg(channel)
        for name, inside in list(self._rooms.items()):
            if channel in inside and len(inside) == 1:  # nobody is left: what records it ends
                self._no_more(name)
            inside.discard(channel)
        self._rooms[bridge].add(channel)
        leg.music = leg.rings = False

    def leave(self, bridge: str, channel: str) -> None:
        """See the interface."""
        self._reach()
        self._rooms.get(bridge, set()).discard(channel)

    def silence(self, bridge: str, on: bool) -> None:
        """See the interface."""
        self._reach()
        if on and bridge not in self._rooms:
            raise GoneError(bridge)
        (self.silent.add if on else self.silent.discard)(bridge)

    def mute(self, channel: str, on: bool) -> None:
        """See the interface."""
        self._leg(channel)
        (self.muted.add if on else self.muted.discard)(channel)

    def play(self, channel: str, media: Sequence[str], playback: str) -> None:
        """See the interface."""
        self._leg(channel).heard += media
        self._playing[playback] = channel

    def stop_playing(self, playback: str) -> bool:
        """See the interface."""
        self._reach()
        if self._playing.pop(playback, None) is None:
            return False
        self._tell(Played(playback))
        return True

    def lend_ear(self, ear: str, channel: str, *, hears: bool, heard_by: HeardBy) -> None:
        """See the interface."""
        self._leg(channel)
        if heard_by in self.no_ears:
            raise RemoteError("The switch makes no such ear.")
        if ear not in self._legs:
            self._legs[ear] = _Leg(up=True, ear_at=channel, hears=hears, heard_by=heard_by)
            self._tell(Answered(ear))

    def record(self, bridge: str, name: str) -> None:
        """See the interface."""
        self._reach()
        if bridge not in self._rooms:
            raise GoneError(bridge)
        self._recording[name] = bridge

    def record_caller(self, channel: str, name: str, seconds: int, silence: int) -> None:
        """See the interface."""
        self._leg(channel)
        self._recording[name] = channel

    def pause_recording(self, name: str, on: bool) -> None:
        """See the interface."""
        self._reach()
        if name not in self._recording:
            raise GoneError(name)
        (self.paused.add if on else self.paused.discard)(name)

    def stop_recording(self, name: str) -> bool:
        """See the interface."""
        self._reach()
        if self._recording.pop(name, None) is None:
            return False
        self._tell(Recorded(name, whole=True))
        return True

    # What callers and phones do.

    def arrives(self, called: str, caller: str = "") -> str:
        """Somebody calls; the channel."""
        channel = f"caller-{next(self._numbers)}"
        self._legs[channel] = _Leg(up=False, caller=caller, called=called)
        self._tell(Arrived(Channel(channel, False, caller, called)))
        return channel

    def phone_answers(self, leg: str) -> None:
        """Somebody picks up."""
        self._legs[leg].up = True
        self._tell(Answered(leg, self._legs[leg].extension))

    def phone_declines(self, leg: str) -> None:
        """Somebody presses the red button."""
        self._end(leg, End.BUSY)

    def hangs_up(self, channel: str) -> None:
        """Whoever it is puts the receiver down."""
        self._end(channel, End.HUNG_UP)

    def presses(self, channel: str, key: str) -> None:
        """A caller, or whoever has the phone."""
        self._tell(Pressed(channel, key))

    def played(self, channel: str) -> None:
        """What a channel hears comes to its end."""
        self.stop_playing(next(p for p, c in list(self._playing.items()) if c == channel))

    def hears(self, channel: str) -> bool:
        """Whether something is played to it."""
        return channel in list(self._playing.values())

    def heard(self, channel: str) -> list[str]:
        """What was played to it so far."""
        return self._legs[channel].heard

    def recordings(self) -> set[str]:
        """Those that go on."""
        return set(self._recording)

    def ringing(self, extension: str) -> str | None:
        """The leg that rings at a phone."""
        legs = list(self._legs.items())
        return next((i for i, leg in legs if leg.extension == extension and not leg.up), None)

    def leg_of(self, extension: str) -> str | None:
        """The leg that a phone has."""
        return next((i for i, leg in list(self._legs.items()) if leg.extension == extension), None)

    def shown(self, leg: str) -> str:
        """The number that a leg of ours shows at the other end."""
        return self._legs[leg].shows

    def hears_ringing(self, channel: str) -> bool:
        """Whether it hears that it rings elsewhere."""
        return self._legs[channel].rings

    def hears_music(self, channel: str) -> bool:
        """Whether it does."""
        return self._legs[channel].music

    def together(self, *channels: str) -> bool:
        """Whether they hear each other."""
        return any(set(channels) <= inside for inside in list(self._rooms.values()))

    def hears_of(self, channel: str) -> set[str]:
        """The channels whose voice reaches one, by rooms and by ears."""
        heard = self._beside(channel)
        for ear in [one for one in heard if self._legs[one].ear_at]:
            at = self._legs[ear]
            if at.hears:
                heard |= {at.ear_at} | self._beside(at.ear_at)
        for ear, at in list(self._legs.items()):
            reached = {HeardBy.NOBODY: set(), HeardBy.PHONE: {at.ear_at}}.get(
                at.heard_by, {at.ear_at} | self._beside(at.ear_at)
            )
            # A phone that is alone is sent nothing, so that nothing can be mixed into it.
            if at.ear_at and channel in reached and self._is_sent(at.ear_at):
                heard |= self._beside(ear)
        heard = {one for one in heard if not self._legs[one].ear_at}
        return heard - {channel} - self.muted

    def beeped(self) -> list[tuple[str, HeardBy]]:
        """Tones that were played by ears, and to whom, as long as they are there."""
        return [(leg.ear_at, leg.heard_by) for leg in list(self._legs.values())
                if leg.ear_at and leg.heard]  # fmt: skip

    def _is_sent(self, channel: str) -> bool:
        """Whether anything, were it silence."""
        filled = any(channel in self._rooms[room] for room in list(self.silent))
        return filled or bool(self._beside(channel))

    def _beside(self, channel: str) -> set[str]:
        rooms = list(self._rooms.values())
        return {one for inside in rooms if channel in inside for one in inside} - {channel}

    def let_go(self, index: int = 0) -> None:
        """Tell one event that was held back."""
        assert self.held is not None
        event = self.held.pop(index)
        if self._told is not None:
            self._told(event)

    def goes(self) -> None:
        """The switch is not reached for a while."""
        self.away = True
        self._tell(Lost())

    def dies(self) -> None:
        """`kill -9` of it: nothing is left, and nobody is told of any end."""
        self.goes()
        self.program = (self.program or 0) + 1
        for things in (self._legs, self._rooms, self._playing, self._recording):
            things.clear()
        for names in (self.paused, self.silent, self.muted):
            names.clear()

    def returns(self) -> None:
        """It is reached again."""
        self.away = False
        self._tell(Connected())

    def _leg(self, channel: str) -> _Leg:
        self._reach()
        if channel not in self._legs:
            raise GoneError(channel)
        return self._legs[channel]

    def _reach(self) -> None:
        if self.away:
            raise NetworkError("The switch is not reached.")

    def _end(self, channel: str, why: End) -> None:
        del self._legs[channel]
        for inside in list(self._rooms.values()):
            inside.discard(channel)
        for playback in [p for p, c in list(self._playing.items()) if c == channel]:
            del self._playing[playback]
            self._tell(Played(playback))
        self._no_more(channel)
        self.muted.discard(channel)
        for ear in [i for i, leg in list(self._legs.items()) if leg.ear_at == channel]:
            self._end(ear, End.HUNG_UP)
        self._tell(Ended(channel, why))

    def _no_more(self, recorded: str) -> None:
        for name in [n for n, where in list(self._recording.items()) if where == recorded]:
            del self._recording[name]
            self._tell(Recorded(name, whole=True))

    def _tell(self, event: SwitchEvent) -> None:
        if self.held is not None:
            self.held.append(event)
        elif self._told is not None and (not self.away or isinstance(event, Lost)):
            self._told(event)
