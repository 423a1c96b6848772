"""The administrator's window for updates: when it opens (cron), for how long, and where."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.cron import CronTrigger

from common.errors import OperatorError
from updater.gate_rules import Window


def window_at(cron: str, minutes: int, zone: str, now: datetime) -> Window | None:
    """The window as it is at ``now``.

    Args:
        cron: when it opens: minute, hour, day, month, day of the week; empty: there is no window.
        minutes: how long it stays open.
        zone: IANA name of the time zone that ``cron`` is meant in.
        now: aware.

    Raises:
        OperatorError: a setting cannot be understood.
    """
    if not cron:
        return None
    trigger = _trigger(cron, zone)
    length = timedelta(minutes=minutes)
    # The first opening after `now - length` is in the past only when it is still open. A second
    # more, because an opening exactly one length ago is over.
    opened = trigger.get_next_fire_time(None, now - length + timedelta(seconds=1))
    if opened is not None and opened <= now:
        return Window(open=True)
    return Window(open=False, next=opened)


@lru_cache(maxsize=8)
def _trigger(cron: str, zone: str) -> CronTrigger:
    parts = cron.split()
    if len(parts) != 5:
        raise OperatorError(
            f"updater.window.cron is {cron!r}. Write five parts (minute, hour, day, month, day of "
            "the week), for example '0 22 * * mon-fri'."
        )
    if any(letter.isdigit() for letter in parts[4]):
        # Where weeks begin differs between programs; a name leaves nothing to guess.
        raise OperatorError(
            f"updater.window.cron is {cron!r}. Write the days of the week by name (mon to sun)."
        )
    try:
        return CronTrigger.from_crontab(cron, timezone=ZoneInfo(zone))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise OperatorError(
            f"updater.window.cron {cron!r} with updater.window.zone {zone!r} cannot be understood: "
            f"{error}. Write them like '0 22 * * mon-fri' and 'Asia/Shanghai'."
        ) from error
