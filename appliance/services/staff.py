"""How many agents each hour of a week needs, from what came in the weeks before."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.domain.reports.book import Book, Filter
from appliance.domain.reports.erlang import Staffing, staffing
from appliance.domain.reports.periods import Interval, Span
from appliance.domain.service_level import Contacts, Target, figures

HOUR = 3600


@dataclass(frozen=True)
class Load:
    """An hour of the week: what came in it on average, and whom that needs.

    Attributes:
        weekday: 0 is Monday.
        contacts: of one such hour.
        aht: seconds; of all hours together, since one hour alone says little.
    """

    weekday: int
    hour: int
    contacts: float
    aht: float
    needs: Staffing


def staff(
    book: Book, queue: int, target: Target, *, today: date, weeks: int, zone: str,
    shrinkage: float, most_occupancy: float,
) -> list[Load]:  # fmt: skip
    """Of every hour in which anybody came; empty: nobody was handled yet.

    Args:
        book: the sums.
        queue: whose.
        target: to be reached.
        today: the last day that is not counted, since it is not over.
        weeks: so many before it are.
        zone: of the hours.
        shrinkage: see `appliance.domain.reports.erlang.staffing`.
        most_occupancy: the same.

    Raises ValueError: a zone or number that makes no plan.
    """
    span = Span(today - timedelta(weeks=weeks), today - timedelta(days=1), zone, Interval.HOUR)
    came: Mapping[tuple[int, int], list[int]] = defaultdict(list)
    together = Contacts()
    for (begin, _queue, _channel), counted in book.contacts(span, Filter(queue=queue)).items():
        came[begin.weekday(), begin.hour].append(counted.arrived)
        together.add(counted)
    aht = figures(together).aht
    if not aht:
        return []
    loads = []
    for (weekday, hour), arrived in sorted(came.items()):
        contacts = sum(arrived) / weeks
        if contacts:
            needs = staffing(contacts, aht, HOUR, target, shrinkage=shrinkage,
                             most_occupancy=most_occupancy)  # fmt: skip
            loads.append(Load(weekday, hour, contacts, aht, needs))
    return loads
