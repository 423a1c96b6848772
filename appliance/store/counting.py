"""Counts events: each once, into the sums of its quarter-hour.

The sums, what is not over yet and how far the events are counted change in one transaction of the
floor's writer: killed at any moment, it goes on where it was, and counts nothing twice.
"""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import orjson
from sqlalchemy import Text, bindparam, delete, func, insert, select, text, update
from sqlalchemy import cast as as_type

from appliance.domain.live import TALK
from appliance.domain.reports.fold import Fact, Going, Seated, Standing, fold
from appliance.domain.reports.sums import Away, Times
from appliance.domain.service_level import Contacts, Target
from appliance.domain.work import Work
from appliance.store.floor import SqlFloor
from appliance.store.floor_models import EventRow
from appliance.store.quick import Line, Quick
from appliance.store.report_models import (
    AgentSumsRow,
    AwaySumsRow,
    ContactSumsRow,
    CountedRow,
    StandingRow,
)
from appliance.store.work import SqlWork

_BATCH = 100  # events counted in one transaction, whose time the floor's writer has not
_MOST_TALK = 20_000  # events that a look passes by; milliseconds, in which nobody waits for it
_AT_ONCE = 50  # rows that one statement asks for
_CONVERSATION, _AGENT, _TARGET = "conversation", "agent", "target"
_RECORDS: dict[str, Any] = {_CONVERSATION: Going, _AGENT: Seated, _TARGET: Target}

_FACT = (EventRow.at, EventRow.kind, EventRow.conversation, EventRow.agent, EventRow.queue,
         EventRow.data)  # fmt: skip
_EVENTS = Quick(  # without talk, which is most of what happens and is in no sum
    select(EventRow.id, *_FACT)
    .where(EventRow.id > bindparam("after"), EventRow.kind.not_like(f"{TALK}%"))
    .order_by(EventRow.id)
    .limit(bindparam("most")),
    [EventRow.id.type, *(column.type for column in _FACT)],
    writes=False,
)
_NEWEST = Quick(select(func.max(EventRow.id)), writes=False)
_COUNTED = Quick(select(CountedRow.event).where(CountedRow.id == 1), writes=False)
_COUNT = Quick(
    text(
        "INSERT INTO report_counted (id, event) VALUES (1, :event) "
        "ON CONFLICT (id) DO UPDATE SET event = excluded.event"
    ),
    writes=True,
)
_STANDS = select(StandingRow.kind, StandingRow.id, as_type(StandingRow.form, Text))
_ALL_BUT = Quick(_STANDS.where(StandingRow.kind != bindparam("kind")), writes=False)
_ALL_OF = Quick(_STANDS.where(StandingRow.kind == bindparam("kind")), writes=False)
_IS = (StandingRow.kind == bindparam("its_kind"), StandingRow.id == bindparam("its_id"))
_ADD = Quick(insert(StandingRow).inline(), writes=True)
_CHANGE = Quick(update(StandingRow).where(*_IS), writes=True, columns=["form"])
_REMOVE = Quick(delete(StandingRow).where(*_IS), writes=True)

_Key = tuple[str, int]


class Event(NamedTuple):
    """One that is to be counted."""

    id: int
    fact: Fact


def count_events(floor: SqlFloor, batch: int = _BATCH) -> int:
    """Count what happened since the last time; answers how many events that were."""
    counted = 0
    while floor.read(lambda work: _anything_to_count(_line(work))):
        done = floor.write(lambda work: _count_some(_line(work), batch))
        counted += done
        if done < batch:
            break
    return counted


def uncounted(line: Line, most: int) -> tuple[list[Fact], Standing]:
    """At most so many events that are in no sum yet, and what stands beside the sums."""
    events = _events(line, _counted(line), most)
    rows = _ALL_BUT.rows(line, {"kind": _CONVERSATION})
    rows += _some(line, _CONVERSATION, (event.fact.conversation for event in events))
    return [event.fact for event in events], _standing(rows)[0]


def _line(work: Work) -> Line:
    return cast("SqlWork", work).line


def _anything_to_count(line: Line) -> bool:
    """Looked at beside the writer, whose place is not taken for nothing."""
    after = _counted(line)
    return _newest(line) - after >= _MOST_TALK or bool(_events(line, after, 1))


def _count_some(line: Line, batch: int) -> int:
    counted = _counted(line)
    events = _events(line, counted, batch)
    if not events:
        newest = _newest(line)
        if newest >= counted + _MOST_TALK:  # or every look would pass by all of it again
            _COUNT.run(line, {"event": newest})
        return 0
    facts = [event.fact for event in events]
    standing, before = _touched(line, facts)
    sums = fold(facts, standing)
    for (at, queue, channel), contacts in sums.contacts.items():
        key = {"at": at, "queue": queue, "channel": channel}
        _adding(ContactSumsRow, Contacts).run(line, key | vars(contacts))
    for (at, agent), times in sums.agents.items():
        _adding(AgentSumsRow, Times).run(line, {"at": at, "agent": agent} | vars(times))
    for (at, agent, reason), away in sums.aways.items():
        key = {"at": at, "agent": agent, "reason": reason}
        _adding(AwaySumsRow, Away).run(line, key | vars(away))
    _keep(line, before, standing)
    _COUNT.run(line, {"event": events[-1].id})
    return len(events)


def _counted(line: Line) -> int:
    rows = _COUNTED.rows(line, {})
    return rows[0][0] if rows else 0


def _newest(line: Line) -> int:
    return _NEWEST.rows(line, {})[0][0] or 0


def _events(line: Line, after: int, most: int) -> list[Event]:
    rows = _EVENTS.rows(line, {"after": after, "most": most})
    return [Event(row[0], Fact(*row[1:])) for row in rows]


def _touched(line: Line, facts: Sequence[Fact]) -> tuple[Standing, dict[_Key, str]]:
    """What of the standing these events can change or ask for; and how that is kept."""
    rows = _ALL_OF.rows(line, {"kind": _TARGET})
    going = _some(line, _CONVERSATION, (fact.conversation for fact in facts))
    agents = {fact.agent for fact in facts}
    for row in going:
        one = orjson.loads(row[2])
        agents |= {one["agent"], *one.get("asked", ())}
    return _standing(rows + going + _some(line, _AGENT, agents))


def _some(line: Line, kind: str, ids: Iterable[int | None]) -> list[list[Any]]:
    wanted = sorted({id_ for id_ in ids if id_ is not None})
    found = []
    for start in range(0, len(wanted), _AT_ONCE):
        some = wanted[start : start + _AT_ONCE]
        some += some[-1:] * (_AT_ONCE - len(some))  # one statement for any number
        values = {"kind": kind, **{f"id{n}": id_ for n, id_ in enumerate(some)}}
        found += _those().rows(line, values)
    return found


@functools.cache
def _those() -> Quick:
    """Asks for `_AT_ONCE` of a kind."""
    ids = ", ".join(f":id{n}" for n in range(_AT_ONCE))
    return Quick(
        text(
            "SELECT kind, id, CAST(form AS TEXT) FROM report_standing "  # noqa: S608 - names of parameters alone
            f"WHERE kind = :kind AND id IN ({ids})"
        ),
        writes=False,
    )


def _standing(rows: Iterable[Sequence[Any]]) -> tuple[Standing, dict[_Key, str]]:
    standing = Standing()
    places = _places(standing)
    kept = {}
    for kind, id_, form in rows:
        places[kind][id_] = _RECORDS[kind](**orjson.loads(form))
        kept[kind, id_] = form
    return standing, kept


def _places(standing: Standing) -> Mapping[str, dict[int, Any]]:
    return {
        _CONVERSATION: standing.conversations,
        _AGENT: standing.agents,
        _TARGET: standing.targets,
    }


def _keep(line: Line, before: Mapping[_Key, str], standing: Standing) -> None:
    left = set(before)
    for kind, records in _places(standing).items():
        for id_, record in records.items():
            left.discard((kind, id_))
            known = before.get((kind, id_))
            if known is None:
                _ADD.run(line, {"kind": kind, "id": id_, "form": vars(record)})
            elif known != orjson.dumps(vars(record)).decode():
                _CHANGE.run(line, {"its_kind": kind, "its_id": id_, "form": vars(record)})
    for kind, id_ in left:
        _REMOVE.run(line, {"its_kind": kind, "its_id": id_})


@functools.cache
def _adding(table: Any, sums: Any) -> Quick:
    """Adds to the row of its key, or makes it; ``longest`` is no sum."""
    key = [column.name for column in table.__table__.primary_key]
    names = list(sums.__dataclass_fields__)
    name = table.__tablename__
    columns = ", ".join(f'"{one}"' for one in (*key, *names))
    values = ", ".join(f":{one}" for one in (*key, *names))
    added = ", ".join(
        f'"{one}" = CASE WHEN excluded."{one}" > {name}."{one}" '
        f'THEN excluded."{one}" ELSE {name}."{one}" END'
        if one == "longest"
        else f'"{one}" = {name}."{one}" + excluded."{one}"'
        for one in names
    )
    keys = ", ".join(f'"{one}"' for one in key)
    return Quick(
        text(
            f"INSERT INTO {name} ({columns}) VALUES ({values}) "  # noqa: S608 - names from the code alone
            f"ON CONFLICT ({keys}) DO UPDATE SET {added}"
        ),
        writes=True,
    )
