from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from xml.etree import ElementTree as ET

import pytest
from markupsafe import Markup

from common.clock import stamp
from common.web.chart import Bar, bar_chart, history
from common.web.texts import Texts

NOW = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
EVIL = "<script>alert('1')</script>\"&"


def t(key: str, **values: object) -> str:
    return Texts("common.web").t(key, language="en", **values)


def ago(hours: float) -> str:
    return stamp((NOW - timedelta(hours=hours)).replace(minute=0))


def bars(chart: Markup) -> list[tuple[str, int]]:
    """What the table beside the picture says."""
    return [
        (label, int(count))
        for label, count in re.findall(r"<td>([^<]+)</td><td class=\"number\">(\d+)", chart)
    ]


def picture(chart: Markup) -> ET.Element:
    svg = re.search(r"<svg.*</svg>", chart, re.DOTALL)
    assert svg is not None
    return ET.fromstring(svg[0])


@pytest.mark.parametrize("hours", [[], [(ago(1), 0)], [(ago(24 * 60), 3)], [(ago(-72), 3)]])
def test_nothing_to_show_is_no_chart(hours: list[tuple[str, int]]) -> None:
    assert history(hours, NOW, t) == ""


def test_two_days_are_drawn_by_the_hour() -> None:
    chart = history([(ago(0), 2), (ago(5), 7), (ago(47), 1)], NOW, t)
    assert bars(chart) == [
        ("2026-11-19 10:00", 1),
        ("2026-11-21 04:00", 7),
        ("2026-11-21 09:00", 2),
    ]
    assert "Reports per hour" in chart
    assert "10 report(s) from 2026-11-19 10:00 to 2026-11-21 09:00" in chart
    assert "the most in one hour: 7, at 2026-11-21 04:00" in chart


def test_what_lies_further_back_is_drawn_by_the_day() -> None:
    chart = history([(ago(0), 2), (ago(5), 7), (ago(48), 1), (ago(50), 1)], NOW, t)
    assert bars(chart) == [("2026-11-19", 2), ("2026-11-21", 9)]
    assert "Reports per day" in chart


def test_a_single_hour_is_one_bar_of_a_day_and_not_the_whole_picture() -> None:
    (bar,) = picture(history([(ago(0), 1)], NOW, t)).findall("rect")
    assert float(bar.get("width", "0")) < 30


def test_a_clock_that_is_a_little_ahead_is_shown_and_a_wrong_one_is_not() -> None:
    chart = history([(ago(-2), 1), (ago(3), 1), ("9999-01-01T00:00:00.000Z", 5)], NOW, t)
    assert [count for _, count in bars(chart)] == [1, 1]


def test_zones_whose_hours_begin_at_half_past_lose_nothing() -> None:
    here = NOW.astimezone(timezone(timedelta(hours=5, minutes=30)))
    chart = history([(ago(0), 2), (ago(5), 7)], here, t)
    assert bars(chart) == [("2026-11-21 09:30", 7), ("2026-11-21 14:30", 2)]


def test_bars_are_as_tall_as_what_they_count_and_one_in_a_million_is_seen() -> None:
    chart = bar_chart(
        [Bar("a", "a", 1_000_000), Bar("b", "b", 500_000), Bar("c", "c", 1), Bar("d", "d", 0)],
        title="t", description="d", columns=("x", "y"), table="z", name="n",
    )  # fmt: skip
    tall = [float(bar.get("height", "0")) for bar in picture(chart).findall("rect")]
    assert tall[0] == 2 * tall[1]
    assert tall[2] >= 1
    assert len(tall) == 3


def test_every_text_is_escaped() -> None:
    chart = bar_chart(
        [Bar(EVIL, EVIL, 1)],
        title=EVIL, description=EVIL, columns=(EVIL, EVIL), table=EVIL, name=EVIL,
    )  # fmt: skip
    assert "<script" not in chart
    assert "&lt;script&gt;" in chart
    assert '"&amp;' not in chart  # a quote would end an attribute
    picture(chart)


def test_who_does_not_see_it_is_told_and_the_policy_of_the_pages_holds() -> None:
    chart = history([(ago(1), 3)], NOW, t)
    svg = picture(chart)
    assert svg.get("role") == "img"
    names = (svg.get("aria-labelledby") or "").split()
    assert names == [svg.find("title").get("id"), svg.find("desc").get("id")]  # type: ignore[union-attr]
    assert "<details>" in chart
    assert "style" not in chart
