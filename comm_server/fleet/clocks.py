"""How wrong a client's clock is. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from common.clock import parse_stamp

_NOISE = timedelta(seconds=0.5)  # the way through the network, not the clock


def skew_of(told: object, now: datetime) -> timedelta | None:
    """How much a clock that shows ``told`` (a stamp) is ahead of ours; None when it told none."""
    try:
        skew = parse_stamp(str(told)) - now
    except (ValueError, TypeError, OverflowError):
        return None
    return skew if abs(skew) > _NOISE else timedelta(0)
