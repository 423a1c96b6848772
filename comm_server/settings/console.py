"""What the site's console shows."""

from __future__ import annotations

from dataclasses import dataclass

from common.settings import setting


@dataclass(frozen=True)
class ConsoleSettings:
    """What the site's console calls a person to look at."""

    silent_after: float = setting(
        900.0,
        unit="seconds",
        minimum=10,
        doc="A client that was not heard from for this long is shown as silent; clients speak "
        "every minute, so this is many words missed and not one.",
    )
    overdue_after: float = setting(
        3600.0,
        unit="seconds",
        minimum=10,
        doc="A bundle that the vendor has not acknowledged after this long is shown as not "
        "delivered; the usual answer takes seconds, a relay's queue rarely an hour.",
    )
    recent: float = setting(
        7.0,
        unit="days",
        minimum=1,
        doc="New problems and refused releases stay on the overview for this long; a week, so "
        "that a holiday hides nothing.",
    )
    keep_sent_days: float = setting(
        90.0,
        unit="days",
        minimum=0,
        doc="What went home stays readable here, as it was sealed, for so long after the vendor "
        "has it; a quarter, in which a question about it is asked.",
    )
    keep_sent_bytes: int = setting(
        256 * 2**20,
        unit="bytes",
        minimum=0,
        doc="And takes at most so much of the disk; the oldest goes first. What the vendor has not "
        "acknowledged is never let go.",
    )
