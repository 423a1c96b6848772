"""The record of who did what: lines are only ever added, each chained to the one before.

Each line's hash covers its own words and the hash of the line before. So a line that was changed,
left out or put in between shows, down to the newest; and whoever kept the newest line's number and
hash elsewhere (a printed page, a mail) sees it when the end was cut off too.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol

FIRST = "0" * 64


@dataclass(frozen=True)
class AuditEntry:
    """One line of the record.

    Attributes:
        who: a sign-in name, or ``system`` / ``command line``.
        what: a stable event name such as ``user.added``.
        subject: to whom or what it was done.
        address: from where, an IP address; empty when at the machine itself.
        number: 1, 2, 3, … without gaps.
        hash: `chained` of this line.
    """

    at: datetime
    who: str
    what: str
    subject: str
    address: str
    number: int = 0
    hash: str = ""


def chained(entry: AuditEntry, previous: str) -> str:
    """The line's hash: SHA-256 (hex) over its words and the hash of the line before."""
    at = entry.at.astimezone(UTC).isoformat(timespec="milliseconds")
    words = [previous, entry.number, at, entry.who, entry.what, entry.subject, entry.address]
    return hashlib.sha256(json.dumps(words, ensure_ascii=False).encode()).hexdigest()


@dataclass(frozen=True)
class Verdict:
    """What a look at the whole record found.

    Attributes:
        lines: how many fit.
        head: the hash of the last one that fits.
        broken: the number of the first that does not; None: all fit.
    """

    lines: int
    head: str
    broken: int | None = None


def verify(entries: Iterable[AuditEntry]) -> Verdict:
    """Look at every line, oldest first."""
    lines, head = 0, FIRST
    for entry in entries:
        if entry.number != lines + 1 or entry.hash != chained(entry, head):
            return Verdict(lines, head, lines + 1)
        lines, head = entry.number, entry.hash
    return Verdict(lines, head)


@dataclass(frozen=True)
class Wanted:
    """Which lines are looked for; what is empty does not matter.

    Attributes:
        who: a part of the name.
        what: how it begins: ``queue.set``, or ``queue.``.
        since, until: the first moment, and the first that is too late.
    """

    who: str = ""
    what: str = ""
    since: datetime | None = None
    until: datetime | None = None


EVERYTHING = Wanted()


class Audit(Protocol):
    """Where the record is kept."""

    def record(self, who: str, what: str, subject: str = "", address: str = "") -> None:
        """Add a line; returns after the commit."""
        ...

    def latest(self, most: int, before: int = 0, wanted: Wanted = EVERYTHING) -> list[AuditEntry]:
        """The newest lines below number ``before`` (0: of all), newest first."""
        ...

    def everything(self) -> Iterable[AuditEntry]:
        """All lines, oldest first; may be long."""
        ...
