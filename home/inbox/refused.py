"""The list of refused mails."""

from __future__ import annotations

from common.clock import Clock, stamp
from common.spool import Row, Store


def list_refused(store: Store, *, unnoted: bool = False, most: int = 200) -> list[Row]:
    """Refused mails with the reason, newest first; ``unnoted``: no person has noted them yet."""
    return store.rows(
        "SELECT * FROM refused_mails WHERE NOT ? OR noted_at IS NULL ORDER BY at DESC LIMIT ?",
        [unnoted, most],
    )


def note_all(store: Store, clock: Clock) -> int:
    """A person has read the list; answers how many were new."""
    return store.execute(
        "UPDATE refused_mails SET noted_at = ? WHERE noted_at IS NULL", [stamp(clock.now())]
    )
