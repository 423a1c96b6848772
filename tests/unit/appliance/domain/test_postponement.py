from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from appliance.domain.postponement import (
    NotPostponableError,
    Postponement,
    holds_until,
    postponed,
)

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def again(kept: list[Postponement], now: datetime, most: timedelta = 2.5 * HOUR) -> datetime:
    kept.append(postponed(kept, "2.0", now, 7, each=HOUR, most=most))
    return kept[-1].until


def test_an_update_is_put_off_for_an_hour_at_a_time_and_not_for_ever():
    kept: list[Postponement] = []
    assert again(kept, NOW) == NOW + HOUR
    assert again(kept, NOW + HOUR) == NOW + 2 * HOUR
    assert again(kept, NOW + 2 * HOUR) == NOW + 2.5 * HOUR  # the most
    with pytest.raises(NotPostponableError, match="150 minutes at most"):
        again(kept, NOW + 2.5 * HOUR)


def test_another_release_and_another_day_begin_anew():
    kept = [Postponement("2.0", NOW, NOW + HOUR, 7)]
    assert postponed(kept, "2.1", NOW + 3 * HOUR, 7, each=HOUR, most=HOUR).until == NOW + 4 * HOUR
    assert again(kept, NOW + 25 * HOUR, HOUR) == NOW + 26 * HOUR


def test_nobody_can_put_it_off_where_that_is_not_allowed():
    with pytest.raises(NotPostponableError):
        again([], NOW, timedelta(0))


@pytest.mark.parametrize(
    ("release", "after", "holds"),
    [
        ("2.0", timedelta(0), True),
        ("2.0", HOUR, False),
        ("2.1", timedelta(0), False),
        ("2.0", -timedelta(minutes=5), False),  # the clock was wrong when it was said
    ],
)
def test_it_holds_for_its_release_and_until_its_end(release, after, holds):
    kept = [Postponement("2.0", NOW, NOW + HOUR, 7)]
    assert (holds_until(kept, release, NOW + after) is not None) is holds
