from __future__ import annotations

from datetime import date

import pytest

from appliance.domain.reports.periods import Interval, Span
from appliance.domain.reports.sums import QUARTER


def begins(span: Span) -> list[str]:
    found = []
    for stretch in span.stretches():
        for at in range(stretch.start, stretch.end, QUARTER):
            begin = span.begin_of((at + stretch.offset) // stretch.size, stretch)
            if begin.isoformat() not in found:
                found.append(begin.isoformat())
    return found


def test_a_day_of_a_zone_off_the_hour_begins_at_its_own_midnight():
    span = Span(date(2026, 3, 1), date(2026, 3, 2), "Asia/Kathmandu", Interval.DAY)
    assert begins(span) == ["2026-03-01T00:00:00+05:45", "2026-03-02T00:00:00+05:45"]


def test_the_day_on_which_the_clocks_go_back_has_twenty_five_hours():
    span = Span(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin", Interval.HOUR)
    found = begins(span)
    assert len(found) == 25
    assert found[2:4] == ["2026-10-25T02:00:00+02:00", "2026-10-25T02:00:00+01:00"]


def test_the_day_on_which_the_clocks_go_forward_has_twenty_three():
    span = Span(date(2026, 3, 29), date(2026, 3, 29), "Europe/Berlin", Interval.HOUR)
    assert len(begins(span)) == 23


def test_the_two_hours_of_the_same_name_are_two_rows():
    span = Span(date(2026, 10, 25), date(2026, 10, 25), "Europe/Berlin", Interval.HOUR)
    first, second = (
        span.begin_of((stretch.start + stretch.offset) // 3600 + more, stretch)
        for stretch, more in zip(span.stretches(), (2, 0), strict=True)
    )
    assert (first.hour, second.hour) == (2, 2)
    assert len({first, second}) == 2
    assert first < second


def test_an_hour_that_a_change_by_half_an_hour_cuts_begins_at_the_change():
    back = Span(date(2026, 4, 5), date(2026, 4, 5), "Australia/Lord_Howe", Interval.HOUR)
    assert begins(back)[1:4] == [
        "2026-04-05T01:00:00+11:00", "2026-04-05T01:30:00+10:30", "2026-04-05T02:00:00+10:30",
    ]  # fmt: skip
    on = Span(date(2026, 10, 4), date(2026, 10, 4), "Australia/Lord_Howe", Interval.HOUR)
    assert begins(on)[1:4] == [
        "2026-10-04T01:00:00+10:30", "2026-10-04T02:30:00+11:00", "2026-10-04T03:00:00+11:00",
    ]  # fmt: skip


def test_a_change_of_the_clocks_does_not_cut_a_day_a_month_or_the_total():
    for interval, rows in ((Interval.DAY, 30), (Interval.MONTH, 2), (Interval.TOTAL, 1)):
        span = Span(date(2026, 10, 10), date(2026, 11, 8), "Europe/Berlin", interval)
        assert len(begins(span)) == rows


@pytest.mark.parametrize(
    ("first", "last", "zone", "interval"),
    [
        (date(2026, 1, 2), date(2026, 1, 1), "UTC", Interval.DAY),
        (date(2026, 1, 1), date(2026, 12, 31), "UTC", Interval.QUARTER),
        (date(2026, 1, 1), date(2026, 1, 1), "Mars/Olympus", Interval.DAY),
        (date(2026, 1, 1), date(2026, 1, 1), "../etc/passwd", Interval.DAY),
    ],
)
def test_a_span_that_makes_no_report_is_refused_in_words(first, last, zone, interval):
    with pytest.raises(ValueError, match=r"report|zone"):
        Span(first, last, zone, interval)
