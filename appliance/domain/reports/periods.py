"""Intervals of a report in a time zone; each is a sum of whole quarter-hours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from enum import StrEnum
from zoneinfo import ZoneInfo

from appliance.domain.refusals import InvalidError
from appliance.domain.reports.sums import QUARTER


class Interval(StrEnum):
    """How long one row is."""

    QUARTER = "quarter"
    HOUR = "hour"
    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


# Days that one report may reach over: more are more rows than anybody reads, or a file holds.
MOST_DAYS = {
    Interval.QUARTER: 31, Interval.HOUR: 100, Interval.DAY: 1100, Interval.MONTH: 1100,
    Interval.TOTAL: 1100,
}  # fmt: skip
# What rows are added up to where they are kept; months and the total are made of days.
_SIZE = {Interval.QUARTER: QUARTER, Interval.HOUR: 3600}
_DAY = 86400


@dataclass(frozen=True)
class Stretch:
    """A part of the span in which the zone's distance from UTC stays the same; seconds.

    A row that begins at ``at`` is added to the step ``(at + offset) // size``.
    """

    start: int
    end: int
    offset: int
    size: int


@dataclass(frozen=True)
class Span:
    """From the begin of the day ``first`` to the end of the day ``last``, local time.

    Raises ValueError: it is empty, or too long for the interval; an unknown zone.
    """

    first: date
    last: date
    zone: str
    interval: Interval

    def __post_init__(self) -> None:
        zone_of(self.zone)
        days = (self.last - self.first).days + 1
        if days < 1:
            raise InvalidError("report-backwards")
        if days > MOST_DAYS[self.interval]:
            raise InvalidError(
                "report-too-long", interval=str(self.interval), most=MOST_DAYS[self.interval],
                days=days,
            )  # fmt: skip

    @property
    def begins(self) -> datetime:
        """The first moment, in its own zone."""
        return datetime.combine(self.first, time(0), ZoneInfo(self.zone))

    @property
    def start(self) -> int:
        """In seconds of the epoch."""
        return _midnight(self.first, self.zone)

    @property
    def end(self) -> int:
        """In seconds of the epoch; the first that is not in it."""
        return _midnight(self.last + timedelta(days=1), self.zone)

    def stretches(self) -> Iterator[Stretch]:
        """The span, cut where the clocks are changed; day by day is near enough to find these."""
        size, day, zone = _SIZE.get(self.interval, _DAY), self.first, ZoneInfo(self.zone)
        begin, offset = self.start, _offset(self.start, zone)
        at = begin
        while at < self.end:
            if (found := _offset(at, zone)) != offset:
                yield Stretch(begin, at, offset, size)
                begin, offset = at, found
            day = datetime.fromtimestamp(at, zone).date()
            at = _next_change(at, min(_midnight(day + timedelta(days=1), self.zone), self.end),
                              zone)  # fmt: skip
        yield Stretch(begin, self.end, offset, size)

    def begin_of(self, step: int, stretch: Stretch) -> datetime:
        """When the row that holds the step begins, as local time.

        An hour is told with its distance from UTC alone: in one zone, Python takes the two hours of
        the same name, when the clocks go back, for equal.
        """
        if self.interval in _SIZE:
            at = max(step * stretch.size - stretch.offset, stretch.start)
            return datetime.fromtimestamp(at, timezone(timedelta(seconds=stretch.offset)))
        day = datetime.fromtimestamp(step * stretch.size, UTC).date()
        if self.interval is Interval.MONTH:
            day = max(day.replace(day=1), self.first)
        elif self.interval is Interval.TOTAL:
            day = self.first
        return datetime.combine(day, time(0), ZoneInfo(self.zone))


def zone_of(name: str) -> ZoneInfo:
    """The time zone; raises ValueError."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise InvalidError("time-zone", zone=name) from error


def _midnight(day: date, zone: str) -> int:
    """A midnight that the clocks skip is read as `zoneinfo` reads it (PEP 495, fold 0)."""
    return int(datetime.combine(day, time(0), ZoneInfo(zone)).timestamp())


def _offset(at: int, zone: ZoneInfo) -> int:
    found = datetime.fromtimestamp(at, zone).utcoffset()
    return int(found.total_seconds()) if found is not None else 0


def _next_change(at: int, end: int, zone: ZoneInfo) -> int:
    """The first quarter-hour after ``at`` with another distance from UTC; else ``end``."""
    if _offset(at, zone) == _offset(end - 1, zone):
        return end
    later = at + QUARTER
    while later < end and _offset(later, zone) == _offset(at, zone):
        later += QUARTER
    return later
