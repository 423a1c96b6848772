"""When a bundle is due, and why. Pure: standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

# A clock that NTP sets back by less than this was right enough.
_STEP = timedelta(minutes=5)


@dataclass(frozen=True)
class Waiting:
    """What has not been told yet.

    Attributes:
        urgent_since: when the oldest new problem, failed update or refusal arrived, or None.
        anything: whether there is anything at all to tell.
        last: when the last bundle was made, or None.
        urgent_last_hour: urgent bundles made in the hour before now.
    """

    urgent_since: datetime | None
    anything: bool
    last: datetime | None
    urgent_last_hour: int


@dataclass(frozen=True)
class Rules:
    """See `comm_server.settings.BundleSettings`; all in seconds but ``urgent_per_hour``."""

    urgent_after: float
    urgent_per_hour: int
    every: float
    alive_every: float


def due(waiting: Waiting, rules: Rules, now: datetime) -> str | None:
    """``urgent``, ``scheduled``, ``alive`` or None (nothing is due)."""
    if (
        waiting.urgent_since is not None
        and _passed(waiting.urgent_since, now) >= timedelta(seconds=rules.urgent_after)
        and waiting.urgent_last_hour < rules.urgent_per_hour
    ):
        return "urgent"
    # The very first mail introduces the site to the vendor at once.
    if waiting.last is None:
        return "alive"
    since = _passed(waiting.last, now)
    if waiting.anything and since >= timedelta(seconds=rules.every):
        return "scheduled"
    if since >= timedelta(seconds=rules.alive_every):
        return "alive"
    return None


def next_due(waiting: Waiting, rules: Rules, now: datetime) -> tuple[str, datetime]:
    """The reason of the next bundle, and when it is due, if nothing else happens until then."""
    found = due(waiting, rules, now)
    if found is not None or waiting.last is None:
        return found or "alive", now
    last = min(waiting.last, now)
    moments = [("alive", last + timedelta(seconds=rules.alive_every))]
    if waiting.anything:
        moments.append(("scheduled", last + timedelta(seconds=rules.every)))
    if waiting.urgent_since is not None and waiting.urgent_last_hour < rules.urgent_per_hour:
        moments.append(("urgent", waiting.urgent_since + timedelta(seconds=rules.urgent_after)))
    return min(moments, key=lambda one: one[1])


def _passed(then: datetime, now: datetime) -> timedelta:
    """The time since; a stamp well in the future is of a clock that was wrong, and long ago."""
    if then - now > _STEP:
        return timedelta.max
    return max(now - then, timedelta(0))
