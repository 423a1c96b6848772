"""A small bar chart of how often something happened, drawn on the server.

One SVG picture whose colours are classes of ``base.css`` (light and dark, no inline style, no
script), with a title and a description for who does not see it, and the numbers as a table.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from markupsafe import Markup, escape

from common.clock import parse_stamp

# By the hour as long as the bars stay readable, else by the day.
_LEAST_HOURS, _MOST_HOURS = 24, 48
_LEAST_DAYS, _MOST_DAYS = 7, 30
# A site's clock may be ahead a little; what claims to be later than this is not drawn.
_AHEAD = timedelta(days=1)

# In the picture's own units.
_WIDTH, _LEFT, _TOP, _HEIGHT, _BELOW = 640, 44, 12, 96, 20


@dataclass(frozen=True)
class Bar:
    """One bar; ``label`` stands in the table, ``short`` below the picture."""

    label: str
    short: str
    count: int


def history(
    hours: Iterable[tuple[str, int]], now: datetime, t: Callable[..., str], *, name: str = "history"
) -> Markup:
    """Draw ``(hour's stamp, count)`` up to ``now``, in its zone; empty when there is nothing.

    Args:
        hours: in any order; hours that are not named count nothing.
        now: aware; where the picture ends.
        t: the page's texts.
        name: begins the ids of the picture, unique on its page.
    """
    counted: Counter[datetime] = Counter()
    for stamped, count in hours:
        hour = parse_stamp(stamped).astimezone(now.tzinfo)
        if count > 0 and hour <= now + _AHEAD:
            counted[hour] += count
    if not counted:
        return Markup("")
    # Hours are those of UTC: in some zones they begin at half past.
    begun = now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    last = max([begun.astimezone(now.tzinfo), *counted])
    if last - min(counted) < timedelta(hours=_MOST_HOURS):
        unit, bars = "hour", _by_hour(counted, last)
    else:
        unit, bars = "day", _by_day(counted, last)
    most = max(bars, key=lambda bar: bar.count)
    description = t(
        f"chart.{unit}_description",
        total=sum(bar.count for bar in bars),
        first=bars[0].label,
        last=bars[-1].label,
        most=most.count,
        when=most.label,
    )
    return bar_chart(
        bars,
        title=t(f"chart.{unit}_title"),
        description=description,
        columns=(t(f"chart.{unit}"), t("chart.count")),
        table=t("chart.table"),
        name=name,
    )


def bar_chart(
    bars: Sequence[Bar],
    *,
    title: str,
    description: str,
    columns: tuple[str, str],
    table: str,
    name: str,
) -> Markup:
    """The picture and its numbers; every text is escaped. Empty when no bar counts anything."""
    most = max((bar.count for bar in bars), default=0)
    if most <= 0:
        return Markup("")
    step = (_WIDTH - _LEFT) / len(bars)
    base = _TOP + _HEIGHT
    drawn = [
        Markup(
            '<rect class="bar" x="{}" y="{}" width="{}" height="{}"><title>{}: {}</title></rect>'
        ).format(
            _unit(_LEFT + place * step + step * 0.1),
            _unit(base - _tall(bar.count, most)),
            _unit(step * 0.8),
            _unit(_tall(bar.count, most)),
            bar.label,
            bar.count,
        )
        for place, bar in enumerate(bars)
        if bar.count > 0
    ]
    words = [
        Markup('<text x="{}" y="{}" text-anchor="{}">{}</text>').format(x, y, anchor, word)
        for x, y, anchor, word in (
            (_LEFT - 6, _TOP + 4, "end", most),
            (_LEFT - 6, base, "end", 0),
            (_LEFT, base + 16, "start", bars[0].short),
            (_WIDTH, base + 16, "end", bars[-1].short),
        )
    ]
    lines = [
        Markup('<line x1="{}" x2="{}" y1="{}" y2="{}"/>').format(_LEFT, _WIDTH, y, y)
        for y in (_TOP, base)
    ]
    rows = [
        Markup('<tr><td>{}</td><td class="number">{}</td></tr>').format(bar.label, bar.count)
        for bar in bars
        if bar.count > 0
    ]
    return Markup(
        '<figure class="chart">'
        '<svg viewBox="0 0 {width} {height}" role="img" aria-labelledby="{name}-title {name}-text">'
        '<title id="{name}-title">{title}</title><desc id="{name}-text">{description}</desc>'
        "{lines}{drawn}{words}</svg>"
        "<figcaption>{title}</figcaption>"
        "<details><summary>{table}</summary>"
        '<div class="table"><table><thead><tr><th scope="col">{first}</th>'
        '<th scope="col" class="number">{second}</th></tr></thead><tbody>{rows}</tbody></table>'
        "</div></details></figure>"
    ).format(
        width=_WIDTH,
        height=base + _BELOW,
        name=name,
        title=escape(title),
        description=escape(description),
        lines=Markup("").join(lines),
        drawn=Markup("").join(drawn),
        words=Markup("").join(words),
        table=escape(table),
        first=escape(columns[0]),
        second=escape(columns[1]),
        rows=Markup("").join(rows),
    )


def _by_hour(counted: Counter[datetime], last: datetime) -> list[Bar]:
    span = max(int((last - min(counted)) / timedelta(hours=1)) + 1, _LEAST_HOURS)
    moments = [last - timedelta(hours=back) for back in reversed(range(span))]
    return [Bar(f"{m:%Y-%m-%d %H:%M}", f"{m:%m-%d %H:%M}", counted[m]) for m in moments]


def _by_day(counted: Counter[datetime], last: datetime) -> list[Bar]:
    by_day: Counter[str] = Counter()
    for hour, count in counted.items():
        by_day[f"{hour:%Y-%m-%d}"] += count
    span = min(max((last.date() - min(counted).date()).days + 1, _LEAST_DAYS), _MOST_DAYS)
    days = [f"{last - timedelta(days=back):%Y-%m-%d}" for back in reversed(range(span))]
    return [Bar(day, day[5:], by_day[day]) for day in days]


def _tall(count: int, most: int) -> float:
    """In the picture's units; what happened at all is seen."""
    return max(_HEIGHT * count / most, 2.0)


def _unit(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
