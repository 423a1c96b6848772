"""A conversation's transcript by mail: asked for, then sent until the relay has it.

======= ==========================================================================================
state   what it means
======= ==========================================================================================
waiting asked for; it is tried at ``next_at``, which is written before each try
sent    the relay answered that it has it
failed  the relay refused it for good, or it was tried for too long
======= ==========================================================================================

A try writes its number and the next try's time first. Killed at any moment it is tried again then,
with the same Message-ID, so that a mail that had left already is the same mail.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from appliance.domain.refusals import InvalidError

MOST_OF_ONE = 3  # of a conversation: nobody is flooded with mail through a stranger's chat
_FIRST, _LONGEST = timedelta(minutes=1), timedelta(hours=4)
MOST_TRIES = 14  # about a day and a half
_ADDRESS = re.compile(r"[^\s@<>(),;:\\\"\[\]\x00-\x20\x7f]{1,64}@[A-Za-z0-9](?:[\w.-]{0,187})[\w]")


class TranscriptRefusedError(InvalidError):
    """No transcript is sent; the sentence says why."""


class TranscriptState(StrEnum):
    """See above."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


@dataclass(frozen=True)
class Transcript:
    """One mail.

    Attributes:
        messages: the number of the last message in it: the same mail at every try.
        asked_by: as events name people.
        reason: why the last try failed.
    """

    id: int
    conversation: int
    recipient: str
    language: str
    messages: int
    asked_at: datetime
    asked_by: str
    next_at: datetime
    state: TranscriptState = TranscriptState.WAITING
    tries: int = 0
    ended_at: datetime | None = None
    reason: str = ""


def address(text: str) -> str:
    """A mail address, without the space around it. Raises TranscriptRefusedError."""
    plain = text.strip()
    if not _ADDRESS.fullmatch(plain) or not plain.isascii() or ".." in plain or len(plain) > 254:
        raise TranscriptRefusedError("mail-address")
    return plain


def tried(before: Transcript, now: datetime) -> Transcript:
    """As it is written before a try."""
    pause = min(_FIRST * 2 ** min(before.tries, 20), _LONGEST)
    return replace(before, tries=before.tries + 1, next_at=now + pause)


def sent(before: Transcript, now: datetime) -> Transcript:
    """The relay has it."""
    return replace(before, state=TranscriptState.SENT, ended_at=now, reason="")


def not_sent(before: Transcript, now: datetime, reason: str, *, for_good: bool) -> Transcript:
    """The try failed."""
    told = replace(before, reason=reason[:500])
    if for_good or before.tries >= MOST_TRIES:
        return replace(told, state=TranscriptState.FAILED, ended_at=now)
    return told


class KeptTranscripts(Protocol):
    """Where they are kept."""

    def of(self, conversation: int) -> Sequence[Transcript]:
        """All of one conversation, oldest first."""
        ...

    def due(self, now: datetime, most: int) -> Sequence[Transcript]:
        """Those to be tried at ``now``, the oldest first."""
        ...

    def one(self, id: int) -> Transcript:  # noqa: A002
        """Raises UnknownError."""
        ...

    def add(self, transcript: Transcript) -> Transcript:
        """Keep a new one; answers it with its id."""
        ...

    def save(self, transcript: Transcript) -> None:
        """Replace what is kept."""
        ...
