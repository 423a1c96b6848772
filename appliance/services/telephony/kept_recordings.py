"""Where recordings are kept; `appliance.store.recordings` implements it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Protocol

from appliance.domain.telephony.recording import CallRecording, What


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
