"""Records what is to be recorded, and keeps it sealed: talks by the queue's policy, voicemails.

A recording is in its table before the switch begins it. What the switch has written is taken over
when it tells the end; what it told while nobody listened is taken over at the next look, and what
a lost switch can tell no more when the call is over and the file is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path

from appliance.domain.audit import Audit
from appliance.domain.conversation import SPOKEN_IN, State
from appliance.domain.telephony.call import Call
from appliance.domain.telephony.provider import TelephonyProvider
from appliance.domain.telephony.recording import CallRecording, Stage, What, Why
from appliance.services.telephony.kept_recordings import Recordings
from common.logs import get_logger

log = get_logger(__name__)

_MOST_MESSAGE = 300  # seconds
_SILENCE = 8  # seconds without a sound: the caller has said all
_WHOLE_SECONDS = 5.0  # a file that has not grown for so long is not written to any more


@dataclass(frozen=True)
class Shelf:
    """Where recordings go.

    Attributes:
        recordings: sealed.
        audit: gets each one's hash.
        spool: where the switch has written the one of this name.
    """

    recordings: Recordings
    audit: Audit
    spool: Callable[[str], Path]


class Tape:
    """See the module.

    Args:
        switch: started by whoever has this.
        shelf: where recordings go.
        over: takes over a recording that has ended, by its name; later, in another thread.
    """

    def __init__(
        self, switch: TelephonyProvider, shelf: Shelf, over: Callable[[str], None]
    ) -> None:
        self._switch, self._shelf, self._over = switch, shelf, over
        # Of these calls something may be recorded now; after a restart, of all that are unfinished.
        self._open = {one.conversation for one in shelf.recordings.unfinished()}
        self._seen: dict[str, tuple[int, float]] = {}  # how large files are, and since when

    def message(self, call: Call) -> CallRecording | None:
        """The voicemail of a call, as far as it is; None: it was not begun."""
        found = self._shelf.recordings.of(call.conversation)
        return next((one for one in found if one.what is What.VOICEMAIL), None)

    def take_message(self, call: Call) -> None:
        """Let the caller speak. Raises GoneError."""
        name = f"message-{call.conversation}"
        self._shelf.recordings.begin(call.conversation, What.VOICEMAIL, name)
        self._switch.record_caller(call.channel, name, _MOST_MESSAGE, _SILENCE)

    def follow(self, call: Call, state: State, wanted: bool) -> None:
        """Begin, pause, go on or end as the call is. Raises GoneError.

        ``wanted``: the caller is in the room, and the queue is recorded.
        """
        if not wanted and call.conversation not in self._open:
            return
        running = self._running(call)
        if state is State.ACTIVE and wanted and not call.private:
            if running is None:
                self._begin(call)
            elif running.paused:
                self._switch.pause_recording(running.name, on=False)
                self._shelf.recordings.go_on(running)
        elif running is not None and state in SPOKEN_IN:
            if not running.paused:  # first at the switch: killed in between, it is paused once more
                self._switch.pause_recording(running.name, on=True)
                self._shelf.recordings.pause(running, Why.PRIVATE if call.private else Why.HELD)
        elif running is not None:
            if not self._switch.stop_recording(running.name):
                self._over(running.name)  # that was told while nobody listened
            self._open.discard(call.conversation)

    def keep(self, recording: CallRecording) -> CallRecording:
        """Take over what the switch has written; once."""
        if recording.stage is not Stage.RECORDING:
            return recording
        kept = self._shelf.recordings.keep(
            recording, self._shelf.spool(recording.name), self._on_record
        )
        log.info("recording.kept", recording=kept.id, stage=str(kept.stage), seconds=kept.seconds)
        return kept

    def _on_record(self, one: CallRecording) -> None:
        about = f"recording {one.id} of conversation {one.conversation} sha256 {one.sha256}"
        self._shelf.audit.record("system", "recording.kept", about)

    def goes_on(self, conversation: int) -> None:
        """A pause has ended by itself: it is on record, as if somebody had ended it."""
        self._shelf.audit.record("system", "recording.resumed", f"conversation {conversation}")

    def unfinished(self) -> dict[str, CallRecording]:
        """By name."""
        return {one.name: one for one in self._shelf.recordings.unfinished()}

    def whole(self, going_on: Collection[int], now: float) -> list[str]:
        """Talks whose call is not ``going_on`` and that nobody writes to; asked again and again."""
        before, self._seen = self._seen, {}
        for name, one in self.unfinished().items():
            if one.what is What.CALL and one.conversation not in going_on:
                size = self._size(name)
                known = before.get(name, (size, now))
                self._seen[name] = known if known[0] == size else (size, now)
        return [name for name, (_, at) in self._seen.items() if now - at >= _WHOLE_SECONDS]

    def _size(self, name: str) -> int:
        try:
            return self._shelf.spool(name).stat().st_size
        except FileNotFoundError:
            return 0

    def _begin(self, call: Call) -> None:
        number = len(self._shelf.recordings.of(call.conversation)) + 1
        name = f"talk-{call.conversation}-{number}"
        self._shelf.recordings.begin(call.conversation, What.CALL, name)
        self._switch.record(call.bridge, name)
        self._open.add(call.conversation)

    def _running(self, call: Call) -> CallRecording | None:
        found = self._shelf.recordings.of(call.conversation)
        return next(
            (one for one in found if one.what is What.CALL and one.stage is Stage.RECORDING), None
        )
