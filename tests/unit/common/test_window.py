from __future__ import annotations

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import OperatorError
from common.window import Window

BERLIN = ZoneInfo("Europe/Berlin")
NIGHT = Window("0 20 * * mon-fri", 600, "Europe/Berlin")


@pytest.mark.parametrize(
    ("day", "hour", "minute", "open_"),
    [
        (20, 19, 59, False),  # a Friday
        (20, 20, 0, True),
        (21, 5, 59, True),  # Saturday morning: the window of Friday
        (21, 6, 0, False),
        (21, 20, 0, False),
        (23, 20, 0, True),
    ],
)
def test_a_window_is_open_from_its_minute_for_its_length(day, hour, minute, open_):
    assert NIGHT.is_open(datetime(2026, 11, day, hour, minute, tzinfo=BERLIN)) is open_


def test_it_says_when_it_opens_next():
    saturday = datetime(2026, 11, 21, 12, 0, tzinfo=BERLIN)
    assert NIGHT.opens(saturday) == datetime(2026, 11, 23, 20, 0, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("field", "weekday"), [("0", 6), ("7", 6), ("1", 0), ("sun", 6), ("6", 5), ("Mon", 0)]
)
def test_weekdays_are_those_of_crontab_where_0_is_sunday(field: str, weekday: int):
    opens = Window(f"0 12 * * {field}", 60, "UTC").opens(datetime(2026, 11, 1, tzinfo=BERLIN))
    assert opens is not None
    assert opens.weekday() == weekday


def test_a_range_may_go_over_the_end_of_the_week():
    window = Window("0 12 * * sat-mon", 60, "UTC")
    moment, days = datetime(2026, 11, 1, tzinfo=ZoneInfo("UTC")), set()
    for _ in range(6):
        found = window.opens(moment)
        assert found is not None
        days.add(found.weekday())
        moment = found
    assert days == {5, 6, 0}


@pytest.mark.parametrize(
    ("cron", "minutes", "zone"),
    [
        ("0 20 * *", 60, ""),
        ("0 25 * * *", 60, ""),
        ("0 20 * * 8", 60, ""),
        ("0 20 * * monday", 60, ""),
        ("x * * * *", 60, ""),
        ("0 20 * * *", 0, ""),
        ("0 20 * * *", 10081, ""),
        ("0 20 * * *", 60, "Mars/Olympus"),
        ("0 20 * * *", 60, "../etc/passwd"),
    ],
)
def test_a_window_that_cannot_be_is_refused(cron: str, minutes: int, zone: str):
    with pytest.raises(OperatorError):
        Window(cron, minutes, zone).check()


def test_a_clock_that_is_put_back_does_not_close_it():
    window = Window("30 1 * * *", 120, "Europe/Berlin")
    utc = ZoneInfo("UTC")
    begun = datetime(2026, 10, 24, 23, 30, tzinfo=utc)  # 01:30 CEST; CET begins at 01:00 UTC
    assert all(window.is_open(begun + timedelta(minutes=n)) for n in range(120))
    assert not window.is_open(begun - timedelta(minutes=1))


@given(st.integers(0, 23), st.integers(0, 59), st.integers(1, 1439), st.integers(0, 100_000))
def test_it_is_open_exactly_for_its_length_after_it_opens(hour, minute, minutes, later):
    window = Window(f"{minute} {hour} * * *", minutes, "UTC")
    moment = datetime(2026, 1, 1, tzinfo=ZoneInfo("UTC")) + timedelta(minutes=later)
    opens = window.opens(moment)
    assert opens is not None
    assert window.is_open(opens)
    assert window.is_open(opens + timedelta(minutes=minutes, seconds=-1))
    assert not window.is_open(opens + timedelta(minutes=minutes))
    assert not window.is_open(opens - timedelta(seconds=1))
