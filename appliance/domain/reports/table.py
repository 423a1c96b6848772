"""A report as a table: its figures, their units, and how each comes from what was counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from appliance.domain.refusals import InvalidError
from appliance.domain.reports.book import Book, Filter
from appliance.domain.reports.periods import Span
from appliance.domain.reports.sums import Away, Times
from appliance.domain.service_level import Contacts, figures, occupancy, share


class By(StrEnum):
    """What the rows of an interval are of."""

    ALL = "all"
    QUEUE = "queue"
    CHANNEL = "channel"
    AGENT = "agent"
    REASON = "reason"  # why agents were away


class Unit(StrEnum):
    """What a number is."""

    COUNT = "count"
    SECONDS = "seconds"
    SHARE = "share"  # 0 to 1


@dataclass(frozen=True)
class Figure:
    """One column; its name and what it means are texts below ``report.figure``."""

    name: str
    unit: Unit
    of: Callable[[Any], float | None]


@dataclass(frozen=True)
class Row:
    """``key`` is a queue's or agent's id, a channel, or the word of a reason; None: all of them."""

    start: datetime
    key: int | str | None
    values: Mapping[str, float | None]


@dataclass(frozen=True)
class Table:
    """A report.

    Attributes:
        rows: in order of time.
        sums: one for each key, over the whole span; without a key for all together, last.
    """

    figures: tuple[Figure, ...]
    rows: list[Row]
    sums: list[Row]


def _of_contacts(name: str) -> Callable[[Contacts], float | None]:
    return lambda counted: getattr(figures(counted), name)


def _mean(name: str) -> Callable[[Any], float | None]:
    return lambda counted: share(getattr(counted, name), counted.handled)


def _plain(name: str) -> Callable[[Any], float | None]:
    return lambda counted: getattr(counted, name)


def _worked(counted: Contacts | Times) -> float | None:
    return share(counted.talk + counted.hold + counted.wrap, counted.handled)


_HANDLING = (
    Figure("handled", Unit.COUNT, _plain("handled")),
    Figure("aht", Unit.SECONDS, _worked),
    Figure("talk", Unit.SECONDS, _mean("talk")),
    Figure("hold", Unit.SECONDS, _mean("hold")),
    Figure("wrap", Unit.SECONDS, _mean("wrap")),
    Figure("transferred", Unit.COUNT, _plain("transferred")),
)
OF_CONTACTS = (
    Figure("arrived", Unit.COUNT, _plain("arrived")),
    Figure("offered", Unit.COUNT, _of_contacts("offered")),
    Figure("answered", Unit.COUNT, _plain("answered")),
    Figure("service_level", Unit.SHARE, _of_contacts("service_level")),
    Figure("asa", Unit.SECONDS, _of_contacts("asa")),
    Figure("longest_wait", Unit.SECONDS, _plain("longest")),
    Figure("abandoned", Unit.COUNT, _of_contacts("abandoned")),
    Figure("abandonment", Unit.SHARE, _of_contacts("abandonment")),
    Figure("short_abandoned", Unit.COUNT, _plain("short")),
    Figure("refused", Unit.COUNT, _plain("refused")),
    Figure("left_menu", Unit.COUNT, _plain("left_menu")),
    Figure("called_back", Unit.COUNT, _plain("called_back")),
    Figure("called_out", Unit.COUNT, _plain("called_out")),
    Figure("unreached", Unit.COUNT, _plain("unreached")),
    *_HANDLING,
)
OF_AGENTS = (
    Figure("answered", Unit.COUNT, _plain("answered")),
    *_HANDLING,
    Figure("declined", Unit.COUNT, _plain("declined")),
    Figure("missed", Unit.COUNT, _plain("missed")),
    Figure("occupancy", Unit.SHARE, lambda times: occupancy(vars(times))),
    Figure("time_available", Unit.SECONDS, _plain("available")),
    Figure("time_offered", Unit.SECONDS, _plain("offered")),
    Figure("time_busy", Unit.SECONDS, _plain("busy")),
    Figure("time_wrap_up", Unit.SECONDS, _plain("wrap_up")),
    Figure("time_away", Unit.SECONDS, _plain("away")),
    Figure("time_not_responding", Unit.SECONDS, _plain("not_responding")),
)

OF_AWAYS = (Figure("time_away", Unit.SECONDS, _plain("away")),)


def table(book: Book, span: Span, by: By, only: Filter) -> Table:
    """The report.

    Raises ValueError: it is to be only of what its rows are not counted by, and would be of all.
    """
    of_people = by in {By.AGENT, By.REASON}
    for name in ("queue", "channel") if of_people else ("agent",):
        if getattr(only, name) is not None:
            raise InvalidError("report-filter", by=str(by), filter=name)
    if by is By.AGENT:
        times = book.agents(span, only)
        return _table(OF_AGENTS, Times, span, ((*key, one) for key, one in times.items()))
    if by is By.REASON:
        aways = book.aways(span, only)
        return _table(OF_AWAYS, Away, span, ((*key, one) for key, one in aways.items()))
    contacts = book.contacts(span, only)
    return _table(
        OF_CONTACTS, Contacts, span,
        ((begin, _key(by, queue, channel), one) for (begin, queue, channel), one
         in contacts.items()),
    )  # fmt: skip


def _key(by: By, queue: int, channel: str) -> int | str | None:
    if by is By.QUEUE:
        return queue
    return channel if by is By.CHANNEL else None


def _table(
    columns: tuple[Figure, ...],
    kind: type[Contacts | Times | Away],
    span: Span,
    counted: Iterable[tuple[datetime, int | str | None, Any]],
) -> Table:
    rows: dict[tuple[datetime, int | str | None], Any] = defaultdict(kind)
    sums: dict[int | str | None, Any] = defaultdict(kind)
    whole = kind()
    for begin, key, one in counted:
        rows[begin, key].add(one)
        if key is not None:
            sums[key].add(one)
        whole.add(one)
    first = span.begins

    def row(begin: datetime, key: int | str | None, sum_: Any) -> Row:
        return Row(begin, key, {column.name: column.of(sum_) for column in columns})

    return Table(
        columns,
        [row(begin, key, one) for (begin, key), one in rows.items()],
        [*(row(first, key, one) for key, one in sums.items()), row(first, None, whole)],
    )
