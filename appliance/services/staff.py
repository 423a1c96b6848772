"""How many agents each hour of a week needs, from what came in the weeks before.

What a queue's people had to do is what they answered, and those who left while they waited there.
Who overflowed into another queue was answered there, and counts there alone. Who was transferred
after an answer was work in both queues: each has its own part, and its own time of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from appliance.domain.capacity import FULL, weight_of
from appliance.domain.queue import Queue
from appliance.domain.records import Agent
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
        at_once: contacts that an agent of this hour can have at the same time, on average.
    """

    weekday: int
    hour: int
    contacts: float
    aht: float
    at_once: float
    needs: Staffing


def one_at_a_time(_channel: str) -> float:
    """Of agents who do one thing after the other."""
    return 1.0


def at_once(
    queue: Queue, agents: Sequence[Agent], usual: Mapping[str, int]
) -> Callable[[str], float]:
    """How many contacts of a channel an agent of ``queue`` has at the same time, on average.

    Args:
        queue: its weights.
        agents: those who serve it count; who could take none of a channel does not.
        usual: what a contact of a channel weighs where the queue says nothing; else all.
    """

    def of(channel: str) -> float:
        weight = weight_of(channel, usual.get(channel, FULL), queue.weights)
        each = [one.capacity // weight for one in agents if queue.id in one.queues]
        able = [many for many in each if many] or [max(1, FULL // weight)]
        return sum(able) / len(able)

    return of


def staff(
    book: Book, queue: int, target: Target, *, today: date, weeks: int, zone: str,
    shrinkage: float, most_occupancy: float, together: Callable[[str], float] = one_at_a_time,
) -> list[Load]:  # fmt: skip
    """Of every hour in which anybody came; empty: nobody was handled yet.

    Args:
        book: the sums.
        queue: whose.
        target: to be reached.
        today: the last day that is not counted, since it is not over.
        weeks: so many before it are, from the day on which the first contact of them came: a new
            queue has no mean over the time in which it was not there.
        zone: of the hours.
        shrinkage: see `appliance.domain.reports.erlang.staffing`.
        most_occupancy: the same.
        together: contacts of a channel that an agent has at the same time.

    Raises ValueError: a zone or number that makes no plan.
    """
    span = Span(today - timedelta(weeks=weeks), today - timedelta(days=1), zone, Interval.HOUR)
    hours: Mapping[tuple[int, int], dict[str, int]] = defaultdict(dict)
    channels: Mapping[str, Contacts] = defaultdict(Contacts)
    everything = Contacts()
    first = today
    for (begin, _queue, channel), counted in book.contacts(span, Filter(queue=queue)).items():
        hour = hours[begin.weekday(), begin.hour]
        hour[channel] = hour.get(channel, 0) + counted.answered + counted.abandoned - counted.short
        channels[channel].add(counted)
        everything.add(counted)
        first = min(first, begin.date())
    usual = figures(everything).aht
    if not usual:
        return []
    aht = {channel: figures(counted).aht or usual for channel, counted in channels.items()}
    days = Counter((first + timedelta(days=n)).weekday() for n in range((today - first).days))
    loads = []
    for (weekday, hour_of_day), came in sorted(hours.items()):
        contacts = sum(came.values()) / days[weekday]
        if contacts <= 0:
            continue
        worked = {channel: many * aht[channel] for channel, many in came.items()}
        handling = sum(worked.values()) / sum(came.values())
        # What is in progress, by the agents whom it takes.
        alone = sum(worked.values()) / sum(w / together(channel) for channel, w in worked.items())
        needs = staffing(contacts, handling, HOUR, target, shrinkage=shrinkage,
                         most_occupancy=most_occupancy, at_once=alone)  # fmt: skip
        loads.append(Load(weekday, hour_of_day, contacts, usual, alone, needs))
    return loads
