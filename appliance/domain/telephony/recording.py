"""What was recorded of calls: talks by the queue's policy, and voicemails."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Protocol


class What(StrEnum):
    """What it is."""

    CALL = "call"
    VOICEMAIL = "voicemail"


class Stage(StrEnum):
    """How far it is."""

    RECORDING = "recording"  # the switch writes it
    KEPT = "kept"
    LOST = "lost"  # the switch had nothing of it
    GONE = "gone"  # its days are over, or somebody removed it


@dataclass(frozen=True)
class CallRecording:
    """One.

    Attributes:
        name: at the switch.
        seconds: how long it sounds; 0 until it is kept.
        size: bytes, as WAV.
        sha256: of the WAV file, hex; also in the record of who did what.
    """

    id: int
    conversation: int
    what: What
    name: str
    begun_at: datetime
    stage: Stage = Stage.RECORDING
    seconds: float = 0.0
    size: int = 0
    sha256: str = ""


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

    def keep(self, recording: CallRecording, wav: Path | None) -> CallRecording:
        """Seal what the switch wrote; None: it wrote nothing. The plain file is removed."""
        ...

    def sound(self, recording: CallRecording, first: int, last: int) -> Iterator[bytes]:
        """The bytes ``first`` to ``last``, both included. Raises UnknownError: it is gone."""
        ...

    def unfinished(self) -> Sequence[CallRecording]:
        """Those of which the switch has not told the end."""
        ...

    def forget(self, before: datetime) -> int:
        """Remove the sound of those that began before; how many."""
        ...
