"""What we know of the switch at this moment, from its events and from looking; in memory alone."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from appliance.domain.telephony.call import Call, Leg, Line
from appliance.domain.telephony.provider import Bridge, Channel, End, TelephonyProvider
from common.errors import NetworkError

_MOST_KEYS = 20  # of somebody who leans on the telephone


class View:
    """Channels and rooms, as far as they were heard of; any thread.

    Attributes:
        fresh: whether all of it was heard since the switch was last reached.
        lost: whether the switch counts as ended, and its calls with it.
        another: whether it is another program than the one that had the calls we know.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # All by channel.
        self._up: dict[str, bool] = {}
        self._ends: dict[str, End] = {}
        self._missed: set[str] = set()  # of these, those whose end was seen before it was told
        self._numbers: dict[str, str] = {}
        self._owner: dict[str, int] = {}
        self._phones: dict[str, str] = {}
        self._rooms: dict[str, str] = {}
        self._heard: dict[str, int] = {}  # when we last heard of it, in `_now`'s count
        self._playing: dict[str, str] = {}
        self._said: dict[str, int] = {}
        self._keys: dict[str, list[str]] = {}
        self._music: set[str] = set()
        self._ringing: set[str] = set()
        self._ringback: set[str] = set()
        # What ends with the channel.
        self._facts: tuple[dict[str, Any], ...] = (
            self._up, self._rooms, self._playing, self._said, self._keys, self._heard,
        )  # fmt: skip
        self._marks: tuple[set[str], ...] = (self._music, self._ringing, self._ringback)
        self._messages: set[int] = set()  # of these calls the voicemail is over
        self._silent: set[str] = set()  # rooms
        self._now = 0
        self._left_behind: set[int] = set()  # calls of a switch that has ended
        self.fresh = False
        self.lost = False
        self.another = False

    def forget(self) -> None:
        """The switch is not reached: nothing of this is sure any more.

        To which phone a channel led stays as it was.
        """
        with self._lock:
            for facts in (*self._facts, self._ends, self._numbers):
                facts.clear()
            for names in (*self._marks, self._missed):
                names.clear()
            self.fresh = self.lost = False

    def look(self, switch: TelephonyProvider) -> tuple[Sequence[Channel], Sequence[Bridge]]:
        """Ask the switch what it has, and know that; what it told meanwhile stays true.

        A caller who arrives while the answer is on its way is not in it, and yet there.
        """
        with self._lock:
            asked = self._now
        channels, bridges = switch.channels(), switch.bridges()
        inside = {name: room.id for room in bridges for name in room.channels}
        with self._lock:
            self.lost = False
            self._silent.update(room.id for room in bridges)  # which of them is not told
            older = {name for name in self._up if self._heard.get(name, 0) <= asked}
            for gone in older - {one.id for one in channels}:
                self._missed.add(gone)
                self._ends.setdefault(gone, End.HUNG_UP)
                self._forget(gone)
            for one in channels:
                if one.id not in self._ends:
                    self._up[one.id] = one.up or self._up.get(one.id, False)
                    self._numbers[one.id], self._phones[one.id] = one.caller, one.phone
            for name in set(self._rooms) | set(inside):
                if self._heard.get(name, 0) > asked:
                    continue
                if name in inside and name not in self._ends:
                    self._rooms[name] = inside[name]
                else:
                    self._rooms.pop(name, None)
        return channels, bridges

    def nothing_there(self) -> bool:
        """The switch counts as ended, and all with it; False: it is reached, and says itself."""
        with self._lock:
            if self.fresh:
                return False
            self.fresh = self.lost = True
            return True

    def leave_behind(self, calls: Iterable[Call]) -> None:
        """The switch is another program: of these, who is not there was at the one before."""
        with self._lock:
            gone = (call.conversation for call in calls if call.channel not in self._up)
            self._left_behind.update(gone)
            self.another = False

    def ended_with_switch(self, call: Call) -> bool:
        """Whether nobody has put a receiver down, but the switch has ended."""
        with self._lock:
            return self.lost or call.conversation in self._left_behind

    def belongs(self, call: Call) -> None:
        """These channels are of this call."""
        with self._lock:
            self._owner[call.channel] = call.conversation
            for also in (call.leg, call.asked_by, call.onward):
                if also:
                    self._owner[also] = call.conversation

    def owns(self, channel: str, conversation: int) -> None:
        """This channel is of that call, too."""
        with self._lock:
            self._owner[channel] = conversation

    def stands_in_room(self, channel: str, room: str) -> None:
        """A colleague's phone, a supervisor's, an ear."""
        with self._lock:
            self._rooms[channel] = room
            self._hear(channel)

    def room_of(self, channel: str) -> str:
        """The room it is in; empty: none."""
        with self._lock:
            return self._rooms.get(channel, "")

    def has_company(self, call: Call) -> bool:
        """Whether anybody but the caller and the agent is in the call's room."""
        with self._lock:
            here = [name for name, room in self._rooms.items() if room == call.bridge]
        return any(name not in {call.channel, call.leg} for name in here)

    def silence(self, room: str, *, on: bool) -> None:
        """Silence is heard in it, so that whoever is alone there is sent something; or no more."""
        with self._lock:
            (self._silent.add if on else self._silent.discard)(room)

    def may_be_silent(self, room: str) -> bool:
        """Whether that may be so: of rooms that were there before us it is not known."""
        with self._lock:
            return room in self._silent

    def conversation_of(self, channel: str) -> int | None:
        """Whose call a channel is of."""
        with self._lock:
            return self._owner.get(channel)

    def number_of(self, channel: str) -> str:
        """The caller's number."""
        with self._lock:
            return self._numbers.get(channel, "")

    def arrived(self, channel: Channel) -> None:
        """It is there."""
        with self._lock:
            self._up.setdefault(channel.id, channel.up)
            self._numbers[channel.id] = channel.caller
            self._hear(channel.id)

    @contextmanager
    def asking(self, leg: str, conversation: int) -> Iterator[None]:
        """It is asked for: it rings until we hear otherwise, if the switch was reached."""
        with self._lock:
            self._owner[leg] = conversation
            self._ringing.add(leg)
        try:
            yield
        except NetworkError:
            with self._lock:
                self._ringing.discard(leg)
            raise

    def rang(self, leg: str) -> bool:
        """Whether it was asked for by us since the switch was reached; picked up or not."""
        with self._lock:
            return leg in self._ringing

    def rings_back(self, leg: str) -> None:
        """It hears that it rings elsewhere."""
        with self._lock:
            self._ringback.add(leg)

    def hears_ringing(self, leg: str) -> bool:
        """Whether it does."""
        with self._lock:
            return leg in self._ringback

    def there(self, channel: str) -> bool:
        """Whether it is up, or on its way."""
        with self._lock:
            return channel in self._up

    def phone_of(self, channel: str) -> str:
        """The phone that it led to, also when it is gone; empty: that was not heard."""
        with self._lock:
            return self._phones.get(channel, "")

    def answered(self, channel: str, phone: str = "") -> None:
        """It is up, at this phone."""
        with self._lock:
            if channel not in self._ends:
                self._up[channel] = True
                self._phones.setdefault(channel, phone)
                self._hear(channel)

    def ended(self, channel: str, why: End) -> bool:
        """It is gone; whether that is news: of one leg it may be told twice, or of no call's."""
        with self._lock:
            known = channel in self._owner or channel in self._up
            if channel not in self._missed and (channel in self._ends or not known):
                return False
            self._missed.discard(channel)
            self._ends.setdefault(channel, why)
            self._forget(channel)
            return True

    def hears(self, call: Call, *, music: bool) -> None:
        """The caller."""
        with self._lock:
            (self._music.add if music else self._music.discard)(call.channel)

    def plays(self, channel: str, playback: str) -> None:
        """It hears something, and no music."""
        with self._lock:
            self._playing[channel] = playback
            self._music.discard(channel)

    def says(self, channel: str, number: int | None = None) -> int:
        """The next number of what it hears; or ``number`` is the last one that it heard."""
        with self._lock:
            now = self._said.get(channel, -1) + 1 if number is None else number
            self._said[channel] = now
            return now

    def playing(self, channel: str) -> str:
        """What it hears; empty: nothing."""
        with self._lock:
            return self._playing.get(channel, "")

    def played(self, playback: str) -> str | None:
        """It is over; the channel that heard it."""
        with self._lock:
            found = next((c for c, one in self._playing.items() if one == playback), None)
            if found is not None:
                del self._playing[found]
            return found

    def left_message(self, conversation: int) -> None:
        """The caller's voicemail is over."""
        with self._lock:
            self._messages.add(conversation)

    def message_left(self, conversation: int) -> bool:
        """Whether it is."""
        with self._lock:
            return conversation in self._messages

    def pressed(self, channel: str, key: str) -> None:
        """A key, which waits until somebody asks for it."""
        with self._lock:
            if channel in self._up and len(self._keys.get(channel, [])) < _MOST_KEYS:
                self._keys.setdefault(channel, []).append(key)

    def key(self, channel: str) -> str:
        """The next key that was pressed; empty: none was."""
        with self._lock:
            waiting = self._keys.get(channel)
            return waiting.pop(0) if waiting else ""

    def in_room(self, call: Call, *, joined: bool) -> None:
        """The caller; music ends in a room."""
        with self._lock:
            if joined:
                self._rooms[call.channel] = call.bridge
            else:
                self._rooms.pop(call.channel, None)
            self._hear(call.channel)
            self._music.discard(call.channel)

    def caller(self, call: Call) -> Line:
        """The caller's part of the line."""
        with self._lock:
            return Line(
                caller=call.channel in self._up,
                answered=self._up.get(call.channel, False),
                music=call.channel in self._music,
                talking=call.channel in self._playing,
                walking=bool(call.step),
                joined=call.channel in self._rooms,
            )

    def leg(self, call: Call) -> tuple[Leg, End | None]:
        """The agent's phone; one that was kept and never rang is none yet."""
        return self.leg_of(call.leg, spoken=call.spoken)

    def leg_of(self, leg: str, *, spoken: bool) -> tuple[Leg, End | None]:
        """The same of any phone that was asked to ring."""
        with self._lock:
            if not leg:
                return Leg.NONE, None
            if leg in self._ends:
                return Leg.GONE, self._ends[leg]
            if leg in self._up:
                return (Leg.UP if self._up[leg] else Leg.RINGING), None
            if leg in self._ringing:
                return Leg.RINGING, None
            # Kept by a process that died: it was put down meanwhile, or had not rung yet.
            return (Leg.GONE, End.HUNG_UP) if spoken else (Leg.NONE, None)

    def drop(self, call: Call) -> None:
        """It is over: nothing of it is remembered."""
        with self._lock:
            mine = [name for name, owner in self._owner.items() if owner == call.conversation]
            for name in {call.channel, call.leg, *mine}:
                self._forget(name)
                self._ends.pop(name, None)
                self._missed.discard(name)
                self._numbers.pop(name, None)
                self._phones.pop(name, None)
                self._owner.pop(name, None)
            self._silent.discard(call.bridge)
            self._messages.discard(call.conversation)
            self._left_behind.discard(call.conversation)

    def _hear(self, channel: str) -> None:
        self._now += 1
        self._heard[channel] = self._now

    def _forget(self, channel: str) -> None:
        for facts in self._facts:
            facts.pop(channel, None)
        for names in self._marks:
            names.discard(channel)
