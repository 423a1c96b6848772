"""An update that waits is put off from the desk: "in an hour", with an end, and not for ever.

Each postponement lasts for a while; all of one update together reach no further than so long after
the first. What is older than a day does not count: the update is tried again another day.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from appliance.domain.refusals import ConflictError

_COUNTS = timedelta(days=1)
_LEAST = timedelta(minutes=1)  # less is not worth a word


class NotPostponableError(ConflictError):
    """The update cannot be put off (any further); the kind says why."""


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
        raise NotPostponableError("update-postponed", most=int(most.total_seconds() / 60))
    return Postponement(release, now, until, who)


def _counts(one: Postponement, now: datetime) -> bool:
    return now - _COUNTS < one.at <= now
