"""When reports are taken, by the room on the disk. Pure: standard library alone."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


@dataclass(frozen=True)
class Limits:
    """See `comm_server.settings.DiskSettings`; all in bytes."""

    ballast: int
    least_free: int
    resume_free: int


class Act(Enum):
    """What is to be done."""

    NOTHING = "nothing"
    STOP = "stop"  # give the ballast back, take no more reports, raise the alarm
    RESUME = "resume"  # take the ballast again, then reports
    FILL = "fill"  # the ballast is smaller than it should be, and there is room for it


def judge(limits: Limits, free: int, held: int, *, taking: bool, refused: bool) -> Act:
    """What to do.

    Args:
        limits: the settings in force.
        free: bytes that are free on the disk now.
        held: bytes that the ballast holds now.
        taking: whether reports are taken now.
        refused: since the last look, a write was refused because the disk was full. A quota, or
            blocks kept for root, say so before ``free`` does.
    """
    missing = max(limits.ballast - held, 0)
    # With the ballast aboard there must be clearly more room than where it stops, else it would
    # come and go with every report.
    enough = free - missing >= max(limits.resume_free, limits.least_free)
    if taking:
        if refused or free < limits.least_free:
            return Act.STOP
        return Act.FILL if missing and enough else Act.NOTHING
    return Act.RESUME if enough and not refused else Act.NOTHING
