"""When a queue is open: hours by weekday in a time zone, and the days that are different."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from appliance.domain.refusals import InvalidError

# Further than a year ahead nobody plans an opening; and a search must end.
_MOST_DAYS = 400
_MIDNIGHT = time(0)


@dataclass(frozen=True, order=True)
class Span:
    """Open from ``start`` to before ``end``, local time.

    ``end`` at 00:00 is the end of the day; an ``end`` before ``start`` lies on the next day.
    """

    start: time
    end: time

    def __post_init__(self) -> None:
        if self.start == self.end != _MIDNIGHT:
            raise InvalidError("hours-empty", start=f"{self.start:%H:%M}")
        if self.start.tzinfo or self.end.tzinfo:
            raise InvalidError("hours-zone")


@dataclass(frozen=True)
class Hours:
    """Opening hours.

    Attributes:
        zone: IANA name, such as ``Asia/Shanghai``.
        week: weekday (0 is Monday) to spans; a day that is missing is closed.
        days: dates that differ, holidays above all: their spans replace the weekday's.
    """

    zone: str
    week: Mapping[int, Sequence[Span]]
    days: Mapping[date, Sequence[Span]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        ZoneInfo(self.zone)  # an unknown zone must fail when it is set, not at night
        if not all(0 <= day <= 6 for day in self.week):
            raise InvalidError("hours-day")

    def open_at(self, moment: datetime) -> bool:
        """Whether the queue is open at an aware ``moment``."""
        local = moment.astimezone(ZoneInfo(self.zone))
        return any(start <= moment < end for start, end in self._around(local.date()))

    def next_opening(self, moment: datetime) -> datetime | None:
        """The next moment at or after ``moment`` at which it is open; None: in no foreseeable time.

        The answer is in the queue's own zone.
        """
        zone = ZoneInfo(self.zone)
        if self.open_at(moment):
            return moment.astimezone(zone)
        day = moment.astimezone(zone).date()
        for ahead in range(_MOST_DAYS):
            starts = [s for s, _end in self._of(day + timedelta(days=ahead)) if s >= moment]
            if starts:
                return min(starts)
        return None

    def closes_at(self, moment: datetime) -> datetime | None:
        """When the opening that holds ``moment`` ends; None: it is closed then, or never closes."""
        if not self.open_at(moment):
            return None
        end, zone = moment, ZoneInfo(self.zone)
        for _ in range(_MOST_DAYS):
            day = end.astimezone(zone).date()
            later = [e for s, e in self._around(day) if s <= end < e]
            if not later:
                return end.astimezone(zone)
            end = max(later)
        return None

    def _around(self, day: date) -> list[tuple[datetime, datetime]]:
        """The openings that may hold a moment of ``day``: its own, and the night before's."""
        return self._of(day - timedelta(days=1)) + self._of(day)

    def _of(self, day: date) -> list[tuple[datetime, datetime]]:
        """The openings that begin on ``day``, sorted, as moments.

        A time that the clocks skip or repeat is read as `zoneinfo` reads it (PEP 495, fold 0).
        """
        zone = ZoneInfo(self.zone)
        spans = self.days.get(day, self.week.get(day.weekday(), ()))
        return sorted(
            (
                datetime.combine(day, span.start, zone),
                datetime.combine(
                    day + timedelta(days=1) if span.end <= span.start else day, span.end, zone
                ),
            )
            for span in spans
        )


def always(zone: str = "UTC") -> Hours:
    """Open day and night."""
    return Hours(zone, {day: (Span(_MIDNIGHT, _MIDNIGHT),) for day in range(7)})
