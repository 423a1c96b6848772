"""Keeps the sums of the events, and reads them; implements `appliance.domain.reports.book.Book`.

The sums, what is not over yet and how far the events are counted change in one transaction: killed
at any moment, it goes on where it was, and counts nothing twice. Every reader counts the few events
since then on the way, and does not keep that: what is answered is true now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from appliance.domain.live import TALK
from appliance.domain.reports.book import Filter
from appliance.domain.reports.fold import Fact, Going, Seated, Standing, fold, running, to_form
from appliance.domain.reports.periods import Span
from appliance.domain.reports.sums import Sums, Times, quarter_of
from appliance.domain.service_level import Contacts, Target
from appliance.store.database import Database
from appliance.store.floor_models import EventRow
from appliance.store.report_models import AgentSumsRow, ContactSumsRow, CountedRow, StandingRow
from common.clock import Clock

_BATCH = 100  # events counted in one transaction, for whose time the floor's writer waits
_MOST_UNCOUNTED = 5000  # a reader counts so many on the way, and no more
_MOST_TALK = 20_000  # events that a look passes by; milliseconds, in which nobody waits for it
_CONVERSATION, _AGENT, _TARGET = "conversation", "agent", "target"
_RECORDS: dict[str, Any] = {_CONVERSATION: Going, _AGENT: Seated, _TARGET: Target}


def count_events(database: Database, batch: int = _BATCH) -> int:
    """Count what happened since the last time; answers how many events that were."""
    counted = 0
    while _anything_to_count(database):
        with database.write() as session, session.no_autoflush:
            database.only_writer(session)
            done = _count_some(session, batch)
        counted += done
        if done < batch:
            break
    return counted


def forget_reports(database: Database, before: datetime) -> None:
    """Remove sums of before ``before``."""
    at = quarter_of(before.timestamp())
    with database.write() as session:
        session.execute(delete(ContactSumsRow).where(ContactSumsRow.at < at))
        session.execute(delete(AgentSumsRow).where(AgentSumsRow.at < at))


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
        events = _events(session, _counted(session), _MOST_UNCOUNTED)
        standing, _kept = _standing(session, events)
        sums = fold([_fact(event) for event in events], standing)
        sums.add(running(standing, self._clock.now()))
        return sums


def _anything_to_count(database: Database) -> bool:
    """Looked at beside the writer, whose place is not taken for nothing."""
    with database.read() as session:
        after = _counted(session)
        talk = (session.scalar(select(func.max(EventRow.id))) or 0) - after
        return talk >= _MOST_TALK or bool(_events(session, after, 1))


def _count_some(session: Session, batch: int) -> int:
    counted = session.get(CountedRow, 1) or CountedRow(id=1, event=0)
    newest = session.scalar(select(func.max(EventRow.id))) or 0
    events = _events(session, counted.event, batch)
    if not events:
        if newest >= counted.event + _MOST_TALK:  # or every look would pass by all of it again
            counted.event = newest
            session.add(counted)
        return 0
    standing, kept = _standing(session, events)
    before = _forms(standing)
    sums = fold([_fact(event) for event in events], standing)
    for (at, queue, channel), contacts in sums.contacts.items():
        _add(session, ContactSumsRow, contacts, Contacts, at=at, queue=queue, channel=channel)
    for (at, agent), times in sums.agents.items():
        _add(session, AgentSumsRow, times, Times, at=at, agent=agent)
    _keep(session, kept, before, _forms(standing))
    counted.event = events[-1].id
    session.add(counted)
    return len(events)


def _counted(session: Session) -> int:
    return session.scalar(select(CountedRow.event).where(CountedRow.id == 1)) or 0


def _events(session: Session, after: int, most: int) -> Sequence[EventRow]:
    """Talk is left out, which is most of what happens and is in no sum."""
    query = (
        select(EventRow)
        .where(EventRow.id > after, EventRow.kind.not_like(f"{TALK}%"))
        .order_by(EventRow.id)
        .limit(most)
    )
    return session.scalars(query).all()


def _fact(row: EventRow) -> Fact:
    return Fact(row.at, row.kind, row.conversation, row.agent, row.queue, row.data)


_Rows = dict[tuple[str, int], StandingRow]


def _standing(session: Session, events: Sequence[EventRow]) -> tuple[Standing, _Rows]:
    """All agents and targets, which are few, and the conversations that the events speak of."""
    ids = sorted({event.conversation for event in events if event.conversation is not None})
    rows = [*session.scalars(select(StandingRow).where(StandingRow.kind != _CONVERSATION))]
    for part in (ids[i : i + 500] for i in range(0, len(ids), 500)):
        rows += session.scalars(
            select(StandingRow).where(StandingRow.kind == _CONVERSATION, StandingRow.id.in_(part))
        )
    standing = Standing()
    places = _places(standing)
    for row in rows:
        places[row.kind][row.id] = _RECORDS[row.kind](**deepcopy(row.form))
    return standing, {(row.kind, row.id): row for row in rows}


def _places(standing: Standing) -> dict[str, dict[int, Any]]:
    return {
        _CONVERSATION: standing.conversations,
        _AGENT: standing.agents,
        _TARGET: standing.targets,
    }


def _forms(standing: Standing) -> dict[tuple[str, int], dict[str, Any]]:
    return {
        (kind, id_): to_form(record)
        for kind, records in _places(standing).items()
        for id_, record in records.items()
    }


def _keep(
    session: Session, kept: _Rows, before: Mapping[Any, Any], after: Mapping[Any, Any]
) -> None:
    for key in before.keys() - after.keys():
        session.delete(kept[key])
    for key, form in after.items():
        if key not in before:
            session.add(StandingRow(kind=key[0], id=key[1], form=form))
        elif before[key] != form:
            kept[key].form = form


def _add(session: Session, table: Any, sums: Any, kind: Any, **key: Any) -> None:
    row = session.get(table, tuple(key.values()))
    if row is None:
        session.add(table(**key, **vars(sums)))
        return
    kept = _record(kind, row)
    kept.add(sums)
    for name, value in vars(kept).items():
        setattr(row, name, value)


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
