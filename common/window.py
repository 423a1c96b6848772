"""When programs may be restarted: a cron expression, a length and a time zone. Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from apscheduler.triggers.cron import CronTrigger

from common.errors import OperatorError

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MOST_MINUTES = 7 * 24 * 60
_FIELDS = ("minute", "hour", "day", "month", "day_of_week")


@dataclass(frozen=True)
class Window:
    """It opens whenever the cron expression fires, for ``minutes``.

    Attributes:
        cron: five fields as in crontab(5): minute, hour, day, month, weekday (0 or 7 is Sunday).
        minutes: how long it stays open.
        zone: an IANA time zone; empty is this server's own.
    """

    cron: str
    minutes: int
    zone: str = ""

    def is_open(self, now: datetime) -> bool:
        """Whether ``now`` (aware) lies in it."""
        begun = self._fires_after(now - timedelta(minutes=self.minutes))
        return begun is not None and begun <= now

    def opens(self, now: datetime) -> datetime | None:
        """When it opens next after ``now``; None when it never does again."""
        return self._fires_after(now)

    def check(self) -> Window:
        """Itself. Raises OperatorError when it can never open, or is not well written."""
        if not 1 <= self.minutes <= _MOST_MINUTES:
            raise OperatorError(f"A window lasts 1 to {_MOST_MINUTES} minutes, not {self.minutes}.")
        self._trigger()
        return self

    def _fires_after(self, moment: datetime) -> datetime | None:
        # The trigger answers a moment that fires itself, so ask from just after.
        found: datetime | None = self._trigger().get_next_fire_time(
            None, moment + timedelta(microseconds=1)
        )
        return found

    def _trigger(self) -> CronTrigger:
        fields = self.cron.split()
        if len(fields) != 5:
            raise OperatorError(
                f"The window {self.cron!r} has {len(fields)} fields. Write five: minute, hour, "
                "day, month, day of the week, for example '0 22 * * mon-fri'."
            )
        try:
            given = dict(zip(_FIELDS, [*fields[:4], _weekdays(fields[4])], strict=True))
            return CronTrigger(timezone=self._zone(), **given)
        except (ValueError, KeyError) as error:
            raise OperatorError(f"The window {self.cron!r} cannot be read: {error}.") from error

    def _zone(self) -> tzinfo | None:
        try:
            return ZoneInfo(self.zone) if self.zone else datetime.now().astimezone().tzinfo
        except (ValueError, OSError, LookupError) as error:
            raise OperatorError(
                f"There is no time zone {self.zone!r}; write it like Asia/Shanghai."
            ) from error


def _weekdays(field: str) -> str:
    """crontab(5)'s weekdays, where 0 is Sunday, as names; APScheduler counts from Monday."""
    if field == "*":
        return field
    days: list[str] = []
    for part in field.lower().split(","):
        found = re.fullmatch(r"(\w{1,3})(?:-(\w{1,3}))?", part)
        if found is None:
            raise ValueError(f"{part!r} is no weekday")
        first, last = _day(found[1]), _day(found[2] or found[1])
        if last < first:  # sat-mon
            last += 7
        days += [_DAYS[day % 7] for day in range(first, last + 1)]
    return ",".join(dict.fromkeys(days))


def _day(word: str) -> int:
    if word in _DAYS:
        return _DAYS.index(word)
    if word.isdigit() and int(word) <= 7:
        return int(word)
    raise ValueError(f"{word!r} is no weekday")
