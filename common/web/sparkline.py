"""A trend as small as a word: one SVG for a row of a list, drawn on the server. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from markupsafe import Markup

from common.clock import stamp

# What a list can be asked for: how many bars, and the hours that one stands for.
SPANS = {"24h": (24, 1), "14d": (14, 24)}

_STEP, _HEIGHT = 4, 22  # in the picture's own units


def begins(span: str, now: datetime) -> str:
    """The stamp of the first hour that the picture of ``span`` shows."""
    bars, hours = SPANS[span]
    return stamp(_hour(now) - timedelta(hours=bars * hours - 1))


def sparkline(hours: Iterable[tuple[str, int]], span: str, now: datetime, title: str) -> Markup:
    """Bars of ``(hour's stamp, count)`` up to ``now``; a line where nothing happened.

    Args:
        hours: in any order; what lies outside is left out.
        span: a key of `SPANS`.
        now: aware; the last bar ends with its hour.
        title: says what the picture shows, for who does not see it.
    """
    bars, width = SPANS[span]
    last, counted = _hour(now), Counter[int]()
    for stamped, count in hours:
        back = int((last - datetime.fromisoformat(stamped)) // timedelta(hours=1)) // width
        if 0 <= back < bars:
            counted[bars - 1 - back] += count
    most = max(counted.values(), default=0)
    drawn = Markup("").join(
        Markup('<rect class="bar" x="{}" y="{}" width="{}" height="{}"/>').format(
            place * _STEP, _HEIGHT - _tall(count, most), _STEP - 1, _tall(count, most)
        )
        for place, count in sorted(counted.items())
        if count > 0
    )
    return Markup(
        '<svg class="spark" role="img" aria-label="{title}" viewBox="0 0 {wide} {high}" '
        'width="{wide}" height="{high}"><title>{title}</title>'
        '<line x1="0" x2="{wide}" y1="{base}" y2="{base}"/>{drawn}</svg>'
    ).format(title=title, wide=bars * _STEP, high=_HEIGHT + 1, base=_HEIGHT, drawn=drawn)


def _tall(count: int, most: int) -> int:
    """What happened at all is seen."""
    return max(round(_HEIGHT * count / most), 2)


def _hour(now: datetime) -> datetime:
    return now.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
