"""Reads the sums of the events; implements `appliance.domain.reports.book.Book`.

`appliance.store.counting` keeps them. Every reader counts the few events since then on the way, and
does not keep that: what is answered is true now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from appliance.domain.reports.book import Filter
from appliance.domain.reports.fold import fold, running
from appliance.domain.reports.periods import Span
from appliance.domain.reports.sums import Away, Sums, Times, quarter_of
from appliance.domain.service_level import Contacts
from appliance.store.counting import uncounted
from appliance.store.database import Database
from appliance.store.quick import Line
from appliance.store.report_models import AgentSumsRow, AwaySumsRow, ContactSumsRow
from common.clock import Clock

_MOST_UNCOUNTED = 5000  # a reader counts so many on the way, and no more


def forget_reports(database: Database, before: datetime) -> None:
    """Remove sums of before ``before``."""
    at = quarter_of(before.timestamp())
    with database.write() as session:
        session.execute(delete(ContactSumsRow).where(ContactSumsRow.at < at))
        session.execute(delete(AgentSumsRow).where(AgentSumsRow.at < at))
        session.execute(delete(AwaySumsRow).where(AwaySumsRow.at < at))


class SqlBook:
    """See `appliance.domain.reports.book.Book`."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def contacts(self, span: Span, only: Filter) -> dict[tuple[datetime, int, str], Contacts]:
        """By begin of the interval, queue and channel; in order of time."""
        return self._by(
            ("queue", "channel"), ContactSumsRow, Contacts, lambda sums: sums.contacts, span,
            queue=only.queue, channel=only.channel,
        )  # fmt: skip

    def agents(self, span: Span, only: Filter) -> dict[tuple[datetime, int], Times]:
        """By begin of the interval and agent; in order of time."""
        return self._by(
            ("agent",), AgentSumsRow, Times, lambda sums: sums.agents, span, agent=only.agent
        )

    def aways(self, span: Span, only: Filter) -> dict[tuple[datetime, str], Away]:
        """By begin of the interval and reason (empty: not said); in order of time."""
        return self._by(
            ("reason",), AwaySumsRow, Away, lambda sums: sums.aways, span, agent=only.agent
        )

    def _by(
        self, names: tuple[str, ...], table: Any, kind: Any, going_on: Callable[[Sums], Any],
        span: Span, **only: int | str | None,
    ) -> dict[Any, Any]:  # fmt: skip
        """By begin of the interval and the keys of these names; what is ``only`` None is all."""
        fixed = {name: value for name, value in only.items() if value is not None}
        keys = [column.name for column in _keys(table)]
        found: dict[Any, Any] = defaultdict(kind)

        def add(begin: datetime, key: tuple[Any, ...], values: Any) -> None:
            named = dict(zip(keys, key, strict=True))
            if fixed.items() <= named.items():
                found[begin, *(named[name] for name in names)].add(values)

        where = [getattr(table, name) == value for name, value in fixed.items()]
        with self._database.read() as session:
            for (begin, *key), values in _summed(session, table, kind, span, where):
                add(begin, tuple(key), values)
            for (at, *key), values in going_on(self._uncounted(session)).items():
                for begin in _begins(span, at):
                    add(begin, tuple(key), values)
        return dict(sorted(found.items()))

    def since(
        self, contacts_from: datetime, agents_from: datetime
    ) -> tuple[dict[int, Contacts], dict[int, Times]]:
        """From these moments, cut down to a quarter-hour, until now: by queue, and by agent."""
        first = quarter_of(contacts_from.timestamp())
        first_of_agents = quarter_of(agents_from.timestamp())
        queues: dict[int, Contacts] = defaultdict(Contacts)
        agents: dict[int, Times] = defaultdict(Times)
        with self._database.read() as session:
            for row in session.scalars(select(ContactSumsRow).where(ContactSumsRow.at >= first)):
                queues[row.queue].add(_record(Contacts, row))
            for one in session.scalars(
                select(AgentSumsRow).where(AgentSumsRow.at >= first_of_agents)
            ):
                agents[one.agent].add(_record(Times, one))
            uncounted = self._uncounted(session)
        for (at, queue, _channel), contacts in uncounted.contacts.items():
            if at >= first:
                queues[queue].add(contacts)
        for (at, agent), times in uncounted.agents.items():
            if at >= first_of_agents:
                agents[agent].add(times)
        return dict(queues), dict(agents)

    def _uncounted(self, session: Session) -> Sums:
        """What happened since the sums were kept, and what goes on now."""
        facts, standing = uncounted(Line(session.connection()), _MOST_UNCOUNTED)
        sums = fold(facts, standing)
        sums.add(running(standing, self._clock.now()))
        return sums


def _record(kind: Any, row: Any) -> Any:
    return kind(**{name: getattr(row, name) for name in kind.__dataclass_fields__})


def _keys(table: Any) -> list[Any]:
    """Its columns that say whose the sums are."""
    return [column for column in table.__mapper__.primary_key if column.name != "at"]


def _summed(session: Session, table: Any, kind: Any, span: Span, where: list[Any]) -> Any:
    """Added up by the database; yields keys with their begin, and the sums."""
    keys = _keys(table)
    names = list(kind.__dataclass_fields__)
    sums = [(func.max if name == "longest" else func.sum)(getattr(table, name)) for name in names]
    for stretch in span.stretches():
        step = ((table.at + stretch.offset) // stretch.size).label("step")
        query = (
            select(step, *keys, *sums)
            .where(table.at >= stretch.start, table.at < stretch.end, *where)
            .group_by(text("step"), *keys)
        )
        for row in session.execute(query):
            begin = span.begin_of(int(row[0]), stretch)
            values = dict(zip(names, row[1 + len(keys) :], strict=True))
            yield (begin, *row[1 : 1 + len(keys)]), kind(**values)


def _begins(span: Span, at: int) -> list[datetime]:
    """The interval that holds the quarter-hour; none when it is outside the span."""
    for stretch in span.stretches():
        if stretch.start <= at < stretch.end:
            return [span.begin_of((at + stretch.offset) // stretch.size, stretch)]
    return []
