"""An update that waits is put off from the desk: "in an hour", with an end, and not for ever.

Each postponement lasts for a while; all of one update together reach no further than so long after
the first. What is older than a day does not count: the update is tried again another day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

_COUNTS = timedelta(days=1)
_LEAST = timedelta(minutes=1)  # less is not worth a word


class NotPostponableError(Exception):
    """The update cannot be put off (any further); the sentence says why.

    Attributes:
        kind: the same for programs: ``update-none``, ``update-urgent``, ``update-postponed``.
    """

    def __init__(self, kind: str, sentence: str) -> None:
        super().__init__(sentence)
        self.kind = kind


@dataclass(frozen=True)
class Postponement:
    """One word at a desk; moments are aware.

    Attributes:
        release: of the update that waited.
        at: when it was said.
        until: when the update may begin.
        who: the person's user id.
    """

    release: str
    at: datetime
    until: datetime
    who: int


def holds_until(kept: Iterable[Postponement], release: str, now: datetime) -> datetime | None:
    """Until when the update must wait; None: it need not. One from the future is not believed."""
    ends = [one.until for one in kept if one.release == release and one.at <= now < one.until]
    return max(ends, default=None)


def postponed(
    kept: Sequence[Postponement],
    release: str,
    now: datetime,
    who: int,
    *,
    each: timedelta,
    most: timedelta,
) -> Postponement:
    """A further postponement.

    Args:
        kept: what was said before.
        release: of the update that waits.
        now: the moment.
        who: says it.
        each: how long one lasts.
        most: how long all of an update may last together.

    Raises:
        NotPostponableError: it was put off for as long as can be.
    """
    ours = [one.at for one in kept if one.release == release and _counts(one, now)]
    until = min(now + each, min(ours, default=now) + most)
    if until - now < _LEAST:
        minutes = int(most.total_seconds() / 60)
        raise NotPostponableError(
            "update-postponed",
            f"The update was put off already, for {minutes} minutes at most. It comes after the "
            "conversations that are open.",
        )
    return Postponement(release, now, until, who)


def _counts(one: Postponement, now: datetime) -> bool:
    return now - _COUNTS < one.at <= now
