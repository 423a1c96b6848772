"""Reads the sums of the events; implements `appliance.domain.reports.book.Book`.

`appliance.store.counting` keeps them. Every reader counts the few events since then on the way, and
does not keep that: what is answered is true now.
"""

from __future__ import annotations

from collections import defaultdict
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
        table = ContactSumsRow
        where = []
        if only.queue is not None:
            where.append(table.queue == only.queue)
        if only.channel is not None:
            where.append(table.channel == only.channel)
        found: dict[tuple[datetime, int, str], Contacts] = defaultdict(Contacts)
        with self._database.read() as session:
            for key, values in _summed(session, table, Contacts, span, where):
                found[key].add(values)
            for (at, queue, channel), sums in self._uncounted(session).contacts.items():
                if only.queue in (None, queue) and only.channel in (None, channel):
                    for begin in _begins(span, at):
                        found[begin, queue, channel].add(sums)
        return dict(sorted(found.items()))

    def agents(self, span: Span, only: Filter) -> dict[tuple[datetime, int], Times]:
        """By begin of the interval and agent; in order of time."""
        where = [] if only.agent is None else [AgentSumsRow.agent == only.agent]
        found: dict[tuple[datetime, int], Times] = defaultdict(Times)
        with self._database.read() as session:
            for key, values in _summed(session, AgentSumsRow, Times, span, where):
                found[key].add(values)
            for (at, agent), sums in self._uncounted(session).agents.items():
                if only.agent in (None, agent):
                    for begin in _begins(span, at):
                        found[begin, agent].add(sums)
        return dict(sorted(found.items()))

    def aways(self, span: Span, only: Filter) -> dict[tuple[datetime, str], Away]:
        """By begin of the interval and reason (empty: not said); in order of time."""
        where = [] if only.agent is None else [AwaySumsRow.agent == only.agent]
        found: dict[tuple[datetime, str], Away] = defaultdict(Away)
        with self._database.read() as session:
            for (begin, _agent, reason), values in _summed(session, AwaySumsRow, Away, span, where):
                found[begin, reason].add(values)
            for (at, agent, reason), sums in self._uncounted(session).aways.items():
                if only.agent in (None, agent):
                    for begin in _begins(span, at):
                        found[begin, reason].add(sums)
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


def _summed(session: Session, table: Any, kind: Any, span: Span, where: list[Any]) -> Any:
    """Added up by the database; yields keys with their begin, and the sums."""
    keys = [column for column in table.__mapper__.primary_key if column.name != "at"]
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
