"""Where recordings are kept; `appliance.store.recordings` implements it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from appliance.domain.telephony.recording import CallRecording, RecordingNote, What, Why


class Recordings(Protocol):
    """Where they are kept, sealed; each change is a transaction of its own."""

    def begin(self, conversation: int, what: What, name: str) -> CallRecording:
        """The switch is about to record it; the same name is the same recording."""
        ...

    def of(self, conversation: int) -> Sequence[CallRecording]:
        """All of a conversation, oldest first."""
        ...

    def one(self, id: int) -> CallRecording:  # noqa: A002
        """Raises UnknownError."""
        ...

    def keep(
        self, recording: CallRecording, wav: Path | None, told: Callable[[CallRecording], None]
    ) -> CallRecording:
        """Seal what the switch wrote; None: it wrote nothing. The plain file is removed.

        ``told`` is called with its hash before it is kept; killed in between, once more.
        """
        ...

    def sound(self, recording: CallRecording, first: int, last: int) -> Iterator[bytes]:
        """The bytes ``first`` to ``last``, both included. Raises UnknownError: it is gone."""
        ...

    def unfinished(self) -> Sequence[CallRecording]:
        """Those of which the switch has not told the end."""
        ...

    def pause(self, recording: CallRecording, why: Why) -> CallRecording:
        """From now on something is left out of it; once."""
        ...

    def go_on(self, recording: CallRecording) -> CallRecording:
        """Nothing is left out any more."""
        ...

    def peaks(self, recording: CallRecording) -> bytes:
        """See `appliance.domain.telephony.peaks.peaks_of`. Raises UnknownError: it is gone."""
        ...

    def kept_before(self, moment: datetime) -> Sequence[tuple[CallRecording, int | None]]:
        """Those that are kept and began before, each with its conversation's queue."""
        ...

    def remove(self, recording: CallRecording) -> None:
        """Remove its sound; the line about it stays."""
        ...

    def sweep(self) -> int:
        """Remove files that a kill left; how many."""
        ...

    def notes(self, recording: int) -> Sequence[RecordingNote]:
        """Those at a recording, in the order of the sound."""
        ...

    def note(self, recording: int, at: float, text: str, agent: int) -> RecordingNote:
        """Keep a new one."""
        ...

    def drop_note(self, note: RecordingNote) -> None:
        """Remove it."""
        ...
