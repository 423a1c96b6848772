"""What was recorded of calls: talks by the queue's policy, and voicemails."""

from __future__ import annotations

from collections.abc import Iterator
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


class Why(StrEnum):
    """Why something was left out."""

    PRIVATE = "private"  # card data
    HELD = "held"


@dataclass(frozen=True)
class Gap:
    """What was left out; ``until`` is None while it lasts."""

    since: datetime
    until: datetime | None
    why: Why


@dataclass(frozen=True)
class CallRecording:
    """One.

    Attributes:
        name: at the switch.
        seconds: how long it sounds; 0 until it is kept.
        size: bytes, as WAV.
        sha256: of the WAV file, hex; also in the record of who did what.
        gaps: oldest first.
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
    gaps: tuple[Gap, ...] = ()

    @property
    def paused(self) -> bool:
        """Whether something is left out now."""
        return bool(self.gaps) and self.gaps[-1].until is None


@dataclass(frozen=True)
class GapInSound:
    """Where a player shows a gap: seconds from the beginning of the sound; it has no length there.

    Attributes:
        at: seconds.
        seconds: how long it was.
        why: see `Why`.
    """

    at: float
    seconds: float
    why: Why


def gaps_in_sound(recording: CallRecording) -> Iterator[GapInSound]:
    """Of one that is over; what was left out is not in the sound."""
    left_out = 0.0
    for gap in recording.gaps:
        seconds = 0.0 if gap.until is None else (gap.until - gap.since).total_seconds()
        at = (gap.since - recording.begun_at).total_seconds() - left_out
        yield GapInSound(min(max(at, 0.0), recording.seconds), seconds, gap.why)
        left_out += seconds


@dataclass(frozen=True)
class RecordingNote:
    """What somebody noted at a moment of a recording.

    Attributes:
        at: seconds from the beginning of the sound.
        agent: the user's id.
    """

    id: int
    recording: int
    at: float
    text: str
    agent: int
    made_at: datetime
