"""What the switch tells, in the words of `appliance.domain.telephony.provider`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from appliance.domain.telephony.provider import (
    Answered,
    Arrived,
    Channel,
    End,
    Ended,
    Played,
    Pressed,
    Recorded,
    SwitchEvent,
)

_OUTSIDE = "outside"  # what a caller's channel brings into the application
# Q.850 causes of a leg that ended before it was up.
_CAUSES = {
    17: End.BUSY, 21: End.BUSY, 19: End.NO_ANSWER, 18: End.NO_ANSWER, 16: End.NO_ANSWER,
    20: End.UNREACHABLE, 3: End.UNREACHABLE, 27: End.UNREACHABLE, 0: End.UNREACHABLE,
    34: End.CONGESTED, 38: End.CONGESTED, 41: End.CONGESTED, 42: End.CONGESTED,
    44: End.CONGESTED, 1: End.NO_NUMBER, 22: End.NO_NUMBER, 28: End.NO_NUMBER,
}  # fmt: skip


def event_of(frame: Mapping[str, Any]) -> SwitchEvent | None:
    """What a frame of the switch tells; None: nothing that matters."""
    kind = frame["type"]
    if kind == "PlaybackFinished":
        return Played(frame["playback"]["id"])
    if kind in {"RecordingFinished", "RecordingFailed"}:
        return Recorded(frame["recording"]["name"], kind == "RecordingFinished")
    if kind == "ChannelDtmfReceived":
        return Pressed(frame["channel"]["id"], frame["digit"])
    return _of_channel(kind, frame)


def _of_channel(kind: str, frame: Mapping[str, Any]) -> SwitchEvent | None:
    channel = frame.get("channel", {})
    if kind == "StasisStart":
        if frame["args"][:1] == [_OUTSIDE]:
            return Arrived(channel_of(channel, called=frame["args"][1]))
        return Answered(channel["id"], _phone(channel))
    if kind == "StasisEnd":  # of a caller the switch tells no more than this
        return Ended(channel["id"], End.HUNG_UP)
    if kind == "ChannelDestroyed":
        was_up = channel["state"] == "Up"
        why = End.HUNG_UP if was_up else _CAUSES.get(frame["cause"], End.FAILED)
        return Ended(channel["id"], why)
    return None


def channel_of(one: Any, called: str | None = None) -> Channel:
    """A channel as the switch describes it, whose caller ``called`` a number, if that is known."""
    if called is None:
        # A call from outside came by the dialplan's extension; a leg of ours has none.
        outside = one["dialplan"].get("app_data", "").split(",")[1:2] == [_OUTSIDE]
        called = one["dialplan"]["exten"] if outside else ""
    caller = one["caller"]["number"] if called else ""
    return Channel(one["id"], one["state"] == "Up", caller, called, _phone(one))


def _phone(one: Any) -> str:
    """Of a channel named like PJSIP/101-0000002a."""
    kind, _, name = one["name"].partition("/")
    return name.rpartition("-")[0] if kind == "PJSIP" else ""
