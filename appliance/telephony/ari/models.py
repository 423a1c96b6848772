"""The switch's own words: made by packaging/telephony/ari_models.py; do not edit.

A key that is not required may be missing.
"""

from __future__ import annotations

from typing import Any, NotRequired, TypedDict

OPERATIONS = {
    "applications.filter": ("PUT", "/applications/{applicationName}/eventFilter"),
    "channels.list": ("GET", "/channels"),
    "channels.originateWithId": ("POST", "/channels/{channelId}"),
    "channels.hangup": ("DELETE", "/channels/{channelId}"),
    "channels.answer": ("POST", "/channels/{channelId}/answer"),
    "channels.startMoh": ("POST", "/channels/{channelId}/moh"),
    "channels.stopMoh": ("DELETE", "/channels/{channelId}/moh"),
    "channels.playWithId": ("POST", "/channels/{channelId}/play/{playbackId}"),
    "channels.record": ("POST", "/channels/{channelId}/record"),
    "channels.snoopChannelWithId": ("POST", "/channels/{channelId}/snoop/{snoopId}"),
    "channels.ring": ("POST", "/channels/{channelId}/ring"),
    "channels.ringStop": ("DELETE", "/channels/{channelId}/ring"),
    "channels.mute": ("POST", "/channels/{channelId}/mute"),
    "channels.unmute": ("DELETE", "/channels/{channelId}/mute"),
    "bridges.list": ("GET", "/bridges"),
    "bridges.createWithId": ("POST", "/bridges/{bridgeId}"),
    "bridges.destroy": ("DELETE", "/bridges/{bridgeId}"),
    "bridges.addChannel": ("POST", "/bridges/{bridgeId}/addChannel"),
    "bridges.removeChannel": ("POST", "/bridges/{bridgeId}/removeChannel"),
    "bridges.record": ("POST", "/bridges/{bridgeId}/record"),
    "bridges.startMoh": ("POST", "/bridges/{bridgeId}/moh"),
    "bridges.stopMoh": ("DELETE", "/bridges/{bridgeId}/moh"),
    "playbacks.stop": ("DELETE", "/playbacks/{playbackId}"),
    "recordings.stop": ("POST", "/recordings/live/{recordingName}/stop"),
    "recordings.pause": ("POST", "/recordings/live/{recordingName}/pause"),
    "recordings.unpause": ("DELETE", "/recordings/live/{recordingName}/pause"),
}


class Bridge(TypedDict):
    """The merging of media from one or more channels. Everyone on the bridge receives the same."""

    bridge_class: str
    bridge_type: str
    bridgevars: NotRequired[dict[str, Any]]
    channels: list[str]
    creationtime: str
    creator: str
    id: str
    name: str
    technology: str
    video_mode: NotRequired[str]
    video_source_id: NotRequired[str]


class CallerID(TypedDict):
    """Caller identification."""

    name: str
    number: str


class Channel(TypedDict):
    """A specific communication connection between Asterisk and an Endpoint."""

    accountcode: str
    caller: CallerID
    caller_rdnis: NotRequired[str]
    channelvars: NotRequired[dict[str, Any]]
    connected: CallerID
    creationtime: str
    dialplan: DialplanCEP
    id: str
    language: str
    name: str
    protocol_id: str
    state: str
    tenantid: NotRequired[str]


class ChannelDestroyed(TypedDict):
    """Notification that a channel has been destroyed."""

    application: str
    asterisk_id: NotRequired[str]
    cause: int
    cause_txt: str
    channel: Channel
    tech_cause: NotRequired[int]
    timestamp: str
    type: str


class ChannelDtmfReceived(TypedDict):
    """DTMF received on a channel. This event is sent when the DTMF ends. There is no notificat."""

    application: str
    asterisk_id: NotRequired[str]
    channel: Channel
    digit: str
    duration_ms: int
    timestamp: str
    type: str


class DialplanCEP(TypedDict):
    """Dialplan location (context/extension/priority)."""

    app_data: str
    app_name: str
    context: str
    exten: str
    priority: int


class LiveRecording(TypedDict):
    """A recording that is in progress."""

    cause: NotRequired[str]
    duration: NotRequired[int]
    format: str
    name: str
    silence_duration: NotRequired[int]
    state: str
    talking_duration: NotRequired[int]
    target_uri: str


class Playback(TypedDict):
    """Object representing the playback of media to a channel."""

    id: str
    language: NotRequired[str]
    media_uri: str
    next_media_uri: NotRequired[str]
    state: str
    target_uri: str


class PlaybackFinished(TypedDict):
    """Event showing the completion of a media playback operation."""

    application: str
    asterisk_id: NotRequired[str]
    playback: Playback
    timestamp: str
    type: str


class RESTQueryStringParameter(TypedDict):
    """REST over Websocket Query String Parameter."""

    name: str
    value: str


class RESTRequest(TypedDict):
    """REST over Websocket Request."""

    content_type: NotRequired[str]
    message_body: NotRequired[str]
    method: str
    query_strings: NotRequired[list[RESTQueryStringParameter]]
    request_id: str
    transaction_id: str
    type: str
    uri: str


class RESTResponse(TypedDict):
    """REST over Websocket Response."""

    application: str
    asterisk_id: NotRequired[str]
    content_type: NotRequired[str]
    message_body: NotRequired[str]
    reason_phrase: str
    request_id: str
    status_code: int
    timestamp: str
    transaction_id: str
    type: str
    uri: str


class RecordingFailed(TypedDict):
    """Event showing failure of a recording operation."""

    application: str
    asterisk_id: NotRequired[str]
    recording: LiveRecording
    timestamp: str
    type: str


class RecordingFinished(TypedDict):
    """Event showing the completion of a recording operation."""

    application: str
    asterisk_id: NotRequired[str]
    recording: LiveRecording
    timestamp: str
    type: str


class RecordingStarted(TypedDict):
    """Event showing the start of a recording operation."""

    application: str
    asterisk_id: NotRequired[str]
    recording: LiveRecording
    timestamp: str
    type: str


class StasisEnd(TypedDict):
    """Notification that a channel has left a Stasis application."""

    application: str
    asterisk_id: NotRequired[str]
    channel: Channel
    timestamp: str
    type: str


class StasisStart(TypedDict):
    """Notification that a channel has entered a Stasis application."""

    application: str
    args: list[str]
    asterisk_id: NotRequired[str]
    channel: Channel
    replace_channel: NotRequired[Channel]
    timestamp: str
    type: str
