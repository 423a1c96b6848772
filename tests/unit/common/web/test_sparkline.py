from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from common.clock import stamp
from common.web.sparkline import begins, sparkline

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)


def bars(hours: list[tuple[str, int]], span: str) -> list[tuple[int, int]]:
    """Place and height of each bar."""
    drawn = str(sparkline(hours, span, NOW, "x"))
    return [
        (int(x) // 4, int(high))
        for x, high in re.findall(r'<rect class="bar" x="(\d+)".*?height="(\d+)"', drawn)
    ]


def at(**ago: float) -> str:
    return stamp((NOW - timedelta(**ago)).replace(minute=0))


def test_the_last_bar_is_this_hour_and_the_first_a_day_before() -> None:
    found = bars([(at(hours=0), 4), (at(hours=23), 2), (at(hours=24), 9)], "24h")
    assert found == [(0, 11), (23, 22)]
    assert begins("24h", NOW) == at(hours=23)


def test_days_add_up_their_hours() -> None:
    found = bars([(at(hours=h), 1) for h in range(24)] + [(at(days=13, hours=23), 12)], "14d")
    assert found == [(0, 11), (13, 22)]


def test_what_happened_once_beside_a_storm_is_seen() -> None:
    assert bars([(at(hours=0), 1_000_000), (at(hours=5), 1)], "24h") == [(18, 2), (23, 22)]


def test_nothing_is_a_line_and_the_title_is_escaped() -> None:
    drawn = str(sparkline([(at(hours=-3), 5)], "24h", NOW, "<b>"))
    assert "<rect" not in drawn
    assert "<line" in drawn
    assert "<b>" not in drawn
