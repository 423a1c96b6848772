"""What was recorded of calls: talks by the queue's policy, and voicemails."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


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
