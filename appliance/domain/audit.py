"""The record of who did what."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


@dataclass(frozen=True)
class AuditEntry:
    """One line of the record.

    Attributes:
        who: a sign-in name, or ``system`` / ``command line``.
        what: a stable event name such as ``user.added``.
        subject: to whom or what it was done.
        address: from where, an IP address; empty when at the machine itself.
    """

    at: datetime
    who: str
    what: str
    subject: str
    address: str


class Audit(Protocol):
    """Where the record is kept."""

    def record(self, who: str, what: str, subject: str = "", address: str = "") -> None:
        """Add a line; returns after the commit."""
        ...

    def latest(self, most: int) -> list[AuditEntry]:
        """The newest lines, newest first."""
        ...
