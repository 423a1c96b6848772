"""Asterisk as a `appliance.domain.telephony.provider.TelephonyProvider`."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, cast

from appliance.domain.telephony.provider import (
    Bridge,
    Channel,
    Connected,
    End,
    Ended,
    GoneError,
    HeardBy,
    Lost,
    Told,
)
from appliance.telephony.ari import models
from appliance.telephony.ari.connection import APPLICATION, Answer, AriConnection
from appliance.telephony.ari.told import channel_of, event_of
from common.errors import RemoteError

# Everything else stays in the switch: variables alone would be a flood.
EVENTS = (
    "StasisStart", "StasisEnd", "ChannelDestroyed", "PlaybackFinished",
    "RecordingStarted", "RecordingFinished", "RecordingFailed", "ChannelDtmfReceived",
)  # fmt: skip
SILENCE = "silence"  # the music of a room in which nothing else is heard (musiconhold.conf)
_LEG, _EAR = "leg", "ear"  # what a channel of ours brings into the application
# Out is to the phone, in is from it: what others hear.
_WHISPER = {HeardBy.NOBODY: "none", HeardBy.PHONE: "out", HeardBy.ALL: "both"}
_BEGIN_SECONDS = 5.0  # a recording begins within milliseconds
# Phones know it, and the desk does (RFC 3261, section 20.9, with the makers' `answer-after`).
_AT_ONCE = {"PJSIP_HEADER(add,Call-Info)": "<sip:callstead>;answer-after=0"}
_GONE = frozenset({404, 409, 412, 422})


class AriProvider:
    """See the interface.

    Args:
        port: of the switch, on this machine.
        password: see `appliance.telephony.configure.ari_password`.
        outside: by which name of the switch a number outside is called; None: by none.
        seconds: in which the switch answers, or is not reached any more.
    """

    def __init__(
        self,
        port: int,
        password: str,
        outside: Callable[[str], str | None] = lambda _number: None,
        seconds: float = 8.0,
    ) -> None:
        self._outside = outside
        self._told: Told = lambda _event: None
        self._beginning: dict[str, threading.Event] = {}
        self._quiet: set[str] = set()  # new legs: they heard no music, and were in no room
        # Rooms that are there. To make one of those again is refused, and the switch never gives
        # its name free after that.
        self._rooms: set[str] = set()
        self._ari = AriConnection(
            port, password, seconds, EVENTS, self._take,
            lambda: self._told(Connected()), self._lost,
        )  # fmt: skip

    def start(self, told: Told) -> None:
        """See the interface."""
        self._told = told
        self._ari.start()

    def stop(self) -> None:
        """See the interface."""
        self._ari.stop()

    def channels(self) -> list[Channel]:
        """Those in our application: not who waits in the switch's own queue."""
        found = cast("list[models.Channel]", self._ari.do("channels.list"))
        return [channel_of(one) for one in found if one["dialplan"]["app_name"] != "Queue"]

    def bridges(self) -> list[Bridge]:
        """Those that we made, known by who made them."""
        found = cast("list[models.Bridge]", self._ari.do("bridges.list"))
        ours = [
            Bridge(one["id"], frozenset(one["channels"]))
            for one in found
            if one["creator"] == "Stasis"
        ]
        self._rooms.update(one.id for one in ours)
        return ours

    def answer(self, channel: str) -> None:
        """See the interface."""
        with _must_be_there():
            self._ari.do("channels.answer", channelId=channel)

    def hang_up(self, channel: str) -> None:
        """See the interface."""
        with _may_be_gone():
            self._ari.do("channels.hangup", channelId=channel)

    def call(
        self, leg: str, phones: Sequence[str], caller: str, seconds: int, *, at_once: bool = False
    ) -> None:
        """See the interface."""
        ways = (f"PJSIP/{name}" for name in phones)
        if not any(self._rings(leg, way, caller, seconds, at_once) for way in ways):
            # A phone that is not signed in has no channel that could tell of its end.
            self._told(Ended(leg, End.UNREACHABLE))

    def dial(self, leg: str, number: str, caller: str, seconds: int) -> None:
        """See the interface."""
        way = self._outside(number)
        if way is None or not self._rings(leg, way, caller, seconds, at_once=False):
            self._told(Ended(leg, End.UNREACHABLE))

    def _rings(self, leg: str, way: str, caller: str, seconds: int, at_once: bool) -> bool:
        query = {
            "endpoint": way, "app": APPLICATION, "appArgs": _LEG,
            "callerId": caller, "timeout": str(seconds),
        }  # fmt: skip
        body = {"variables": _AT_ONCE} if at_once else None
        try:
            self._ari.do("channels.originateWithId", query=query, body=body, channelId=leg)
        except Answer as answer:
            return answer.status == 409  # it rings already
        except RemoteError as error:
            if "Allocation failed" not in str(error):
                raise
            return False
        self._quiet.add(leg)
        return True

    def ring(self, channel: str, on: bool) -> None:
        """See the interface."""
        with _must_be_there():
            self._ari.do("channels.ring" if on else "channels.ringStop", channelId=channel)

    def music(self, channel: str, on: bool) -> None:
        """See the interface."""
        self._quiet.discard(channel)
        with _must_be_there():
            self._ari.do("channels.startMoh" if on else "channels.stopMoh", channelId=channel)

    def drop_bridge(self, bridge: str) -> None:
        """See the interface."""
        with _may_be_gone():
            self._ari.do("bridges.destroy", bridgeId=bridge)
        self._rooms.discard(bridge)

    def join(self, bridge: str, *channels: str) -> None:
        """See the interface."""
        # Music would go on in the room, and be all that is heard there. Who is moved without this
        # keeps the room that they leave from ever being gone.
        loud = (one for one in channels if one not in self._quiet)
        hush = [self._ari.ask("channels.stopMoh", channelId=one) for one in loud]
        make = None if bridge in self._rooms else self._ari.ask(
            "bridges.createWithId", query={"type": "mixing", "name": bridge}, bridgeId=bridge
        )  # fmt: skip
        join = self._ari.ask(
            "bridges.addChannel", query={"channel": ",".join(channels)}, bridgeId=bridge
        )
        with _must_be_there():
            made = make is not None and _made(make)
            try:
                for answer in (*hush, join):
                    answer()
            except Answer as refused:
                if made:
                    self.drop_bridge(bridge)
                elif "Bridge not found" in str(refused):
                    self._rooms.discard(bridge)
                raise
        self._rooms.add(bridge)
        self._quiet.difference_update(channels)

    def leave(self, bridge: str, channel: str) -> None:
        """See the interface."""
        with contextlib.suppress(Answer):  # 400: no such channel, 404, 409, 422: not in it
            self._ari.do("bridges.removeChannel", query={"channel": channel}, bridgeId=bridge)

    def silence(self, bridge: str, on: bool) -> None:
        """See the interface."""
        if on:
            with _must_be_there():
                self._ari.do("bridges.startMoh", query={"mohClass": SILENCE}, bridgeId=bridge)
        else:
            with _may_be_gone():  # 409: there was none
                self._ari.do("bridges.stopMoh", bridgeId=bridge)

    def mute(self, channel: str, on: bool) -> None:
        """See the interface."""
        with _must_be_there():
            operation = "channels.mute" if on else "channels.unmute"
            self._ari.do(operation, query={"direction": "in"}, channelId=channel)

    def play(self, channel: str, media: Sequence[str], playback: str) -> None:
        """See the interface."""
        with _must_be_there():
            self._ari.do(
                "channels.playWithId", query={"media": ",".join(f"sound:{one}" for one in media)},
                channelId=channel, playbackId=playback,
            )  # fmt: skip

    def stop_playing(self, playback: str) -> bool:
        """See the interface."""
        with _may_be_gone():
            self._ari.do("playbacks.stop", playbackId=playback)
            return True
        return False

    def lend_ear(self, ear: str, channel: str, *, hears: bool, heard_by: HeardBy) -> None:
        """See the interface."""
        query = {
            "spy": "both" if hears else "none", "whisper": _WHISPER[heard_by],
            "app": APPLICATION, "appArgs": _EAR,
        }  # fmt: skip
        with _must_be_there():
            self._ari.do("channels.snoopChannelWithId", query=query, channelId=channel, snoopId=ear)

    def record(self, bridge: str, name: str) -> None:
        """See the interface."""
        query = {"name": name, "format": "wav", "ifExists": "fail"}
        with _must_be_there(), self._begins(name):
            self._ari.do("bridges.record", query=query, bridgeId=bridge)

    def record_caller(self, channel: str, name: str, seconds: int, silence: int) -> None:
        """See the interface."""
        query = {
            "name": name, "format": "wav", "ifExists": "fail", "beep": "true", "terminateOn": "#",
            "maxDurationSeconds": str(seconds), "maxSilenceSeconds": str(silence),
        }  # fmt: skip
        with _must_be_there(), self._begins(name):
            self._ari.do("channels.record", query=query, channelId=channel)

    def pause_recording(self, name: str, on: bool) -> None:
        """See the interface."""
        with _must_be_there():
            operation = "recordings.pause" if on else "recordings.unpause"
            self._ari.do(operation, recordingName=name)

    def stop_recording(self, name: str) -> bool:
        """See the interface."""
        with _may_be_gone():
            self._ari.do("recordings.stop", recordingName=name)
            return True
        return False

    @contextlib.contextmanager
    def _begins(self, name: str) -> Iterator[None]:
        """Ends when the switch records; before that it cannot be told to pause."""
        begun = self._beginning[name] = threading.Event()
        try:
            yield
            begun.wait(_BEGIN_SECONDS)
        finally:
            del self._beginning[name]

    def _lost(self) -> None:
        self._quiet.clear()
        self._rooms.clear()
        self._told(Lost())

    def _take(self, frame: Mapping[str, Any]) -> None:
        if frame["type"].startswith("Recording"):
            begun = self._beginning.get(frame["recording"]["name"])
            if begun is not None:
                begun.set()
        event = event_of(frame)
        if isinstance(event, Ended):
            self._quiet.discard(event.channel)
        if event is not None:
            self._told(event)


def _made(answer: Callable[[], object]) -> bool:
    """Whether it was made just now; False: it is there already."""
    try:
        answer()
    except Answer as refused:
        if refused.status != 409:
            raise
        return False
    return True


@contextlib.contextmanager
def _must_be_there() -> Iterator[None]:
    try:
        yield
    except Answer as answer:
        if answer.status in _GONE or "not found" in str(answer).lower():
            raise GoneError(str(answer)) from None
        raise RemoteError(str(answer)) from None


@contextlib.contextmanager
def _may_be_gone() -> Iterator[None]:
    try:
        yield
    except Answer as answer:
        if answer.status not in _GONE:
            raise
