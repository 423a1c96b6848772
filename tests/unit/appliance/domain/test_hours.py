from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appliance.domain.hours import Hours, Span, always

OFFICE = (Span(time(9), time(12)), Span(time(13), time(18)))
SHANGHAI = Hours("Asia/Shanghai", dict.fromkeys(range(5), OFFICE), {date(2026, 10, 1): ()})


def at(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("moment", "is_open"),
    [
        (at("Asia/Shanghai", 2026, 9, 30, 9, 0), True),
        (at("Asia/Shanghai", 2026, 9, 30, 8, 59), False),
        (at("Asia/Shanghai", 2026, 9, 30, 12, 30), False),
        (at("Asia/Shanghai", 2026, 9, 30, 18, 0), False),
        (at("UTC", 2026, 9, 30, 1, 0), True),
        (at("Asia/Shanghai", 2026, 10, 1, 10, 0), False),
        (at("Asia/Shanghai", 2026, 10, 3, 10, 0), False),
    ],
)
def test_open_by_the_queues_own_clock_and_closed_on_a_holiday(moment, is_open):
    assert SHANGHAI.open_at(moment) is is_open


def test_the_next_opening_skips_the_holiday_and_the_lunch():
    assert SHANGHAI.next_opening(at("Asia/Shanghai", 2026, 9, 30, 18, 30)) == at(
        "Asia/Shanghai", 2026, 10, 2, 9, 0
    )
    assert SHANGHAI.next_opening(at("Asia/Shanghai", 2026, 9, 30, 12, 30)) == at(
        "Asia/Shanghai", 2026, 9, 30, 13, 0
    )


def test_a_queue_that_never_opens_has_no_next_opening():
    assert Hours("UTC", {}).next_opening(datetime(2026, 1, 1, tzinfo=UTC)) is None


def test_a_night_shift_belongs_to_the_day_on_which_it_begins():
    night = Hours("Europe/Berlin", {4: (Span(time(22), time(6)),)})  # Friday
    assert night.open_at(at("Europe/Berlin", 2026, 11, 21, 5, 59))  # Saturday
    assert not night.open_at(at("Europe/Berlin", 2026, 11, 21, 6, 0))
    assert night.closes_at(at("Europe/Berlin", 2026, 11, 20, 23, 0)) == at(
        "Europe/Berlin", 2026, 11, 21, 6, 0
    )


def test_a_night_in_which_the_clocks_change_is_an_hour_longer():
    night = Hours("Europe/Berlin", {5: (Span(time(22), time(6)),)})
    closes = night.closes_at(at("Europe/Berlin", 2026, 10, 24, 22, 0))
    assert closes is not None
    begun = at("Europe/Berlin", 2026, 10, 24, 22, 0).astimezone(UTC)
    assert closes.astimezone(UTC) - begun == timedelta(hours=9)


def test_day_and_night_has_no_end():
    assert always().open_at(datetime(2026, 1, 1, tzinfo=UTC))
    assert always().closes_at(datetime(2026, 1, 1, tzinfo=UTC)) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: Span(time(9), time(9)),
        lambda: Span(time(9, tzinfo=UTC), time(10)),
        lambda: Hours("UTC", {7: OFFICE}),
        lambda: Hours("Asia/Nowhere", {}),
    ],
)
def test_hours_that_mean_nothing_are_refused_when_they_are_set(make):
    with pytest.raises((ValueError, KeyError)):
        make()


@given(
    st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2030, 1, 1)),  # noqa: DTZ001 - hypothesis wants naive bounds
    st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/St_Johns", "Pacific/Apia"]),
)
def test_at_the_next_opening_it_is_open_and_before_it_was_not(moment, zone):
    hours = Hours(zone, {0: OFFICE, 3: (Span(time(20), time(3)),)})
    start = moment.replace(tzinfo=UTC)
    opening = hours.next_opening(start)
    assert opening is not None
    assert hours.open_at(opening)
    if opening > start:
        assert not hours.open_at(start)
        assert not hours.open_at(opening - timedelta(seconds=1))
