"""The feed on the appliance's own database; implements `common.feed.storage.FeedStorage`.

One writer at a time (see `appliance.store.floor`), so that numbers become visible in their order.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Index, Integer, String, bindparam, delete, func, select, text, update
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.store.database import Database
from appliance.store.models import Base
from appliance.store.quick import Line, Quick
from common.clock import stamp
from common.feed.events import MOST_DATA_BYTES
from common.feed.storage import CursorGoneError, Event, Fresh

_BATCH = 1000  # rows removed in one transaction, so that the writer does not wait


class LiveTopicRow(Base):
    """``head``: the newest number ever given; ``floor``: the newest one removed."""

    __tablename__ = "live_topics"

    topic: Mapped[str] = mapped_column(String(100), primary_key=True)
    head: Mapped[int]
    floor: Mapped[int]


class LiveEventRow(Base):
    """See `common.feed.storage.Event`; ``id`` is the order over all topics."""

    __tablename__ = "live_events"
    __table_args__ = (Index("ix_live_events_topic_seq", "topic", "seq", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(100))
    seq: Mapped[int]
    at: Mapped[str] = mapped_column(String(24), index=True)
    kind: Mapped[str] = mapped_column(String(64))
    data: Mapped[str] = mapped_column(LongText)


class Told(NamedTuple):
    """An event that is to be written; ``at`` is a stamp, ``text`` the data as JSON."""

    topic: str
    at: str
    kind: str
    text: str


def as_text(data: Mapping[str, object]) -> str:
    """``data`` as an event carries it. Raises ValueError: over 16 KiB."""
    text = orjson.dumps(data)
    if len(text) > MOST_DATA_BYTES:
        raise ValueError(f"an event of {len(text)} bytes; at most {MOST_DATA_BYTES} are taken")
    return text.decode()


def write_told(line: Line, told: Sequence[Told]) -> list[Fresh]:
    """Write events, in the transaction of the changes they tell of; they have their numbers then.

    To be called once, at the end of the transaction.
    """
    counts = Counter(one.topic for one in told)
    last: dict[str, int] = {}
    topics = list(counts.items())
    for start in range(0, len(topics), _TOPICS_AT_ONCE):
        some = topics[start : start + _TOPICS_AT_ONCE]
        values: dict[str, object] = {}
        for n, (topic, count) in enumerate(some):
            values[f"t{n}"], values[f"c{n}"] = topic, count
        for topic, head in _count_on(len(some)).rows(line, values):
            last[topic] = head - counts[topic]
    fresh = []
    for one in told:
        last[one.topic] += 1
        fresh.append(Fresh(one.topic, last[one.topic], one.at, one.kind, one.text))
    _ADD_EVENT.run_all(line, [
        {"topic": one.topic, "seq": one.seq, "at": one.at, "kind": one.kind, "data": one.text}
        for one in fresh
    ])  # fmt: skip
    return fresh


_TOPICS_AT_ONCE = 50  # rows of one statement, two values each: far below any limit
_ADD_EVENT = Quick(
    text("INSERT INTO live_events (topic, seq, at, kind, data) "
         "VALUES (:topic, :seq, :at, :kind, :data)").bindparams(
             *(bindparam(name, type_=LongText()) for name in ("topic", "at", "kind", "data")),
             bindparam("seq", type_=Integer()),
         ),
    writes=True,
)  # fmt: skip


@functools.cache
def _count_on(topics: int) -> Quick:
    """Raise the heads of so many topics, each by its own count; answers topics and new heads."""
    rows = ", ".join(f"(:t{n}, :c{n}, 0)" for n in range(topics))
    binds = [bindparam(f"t{n}", type_=LongText()) for n in range(topics)]
    counts = [bindparam(f"c{n}", type_=Integer()) for n in range(topics)]
    return Quick(
        text(
            f"INSERT INTO live_topics (topic, head, floor) VALUES {rows} ON CONFLICT (topic) "  # noqa: S608 - names of parameters alone
            "DO UPDATE SET head = live_topics.head + excluded.head RETURNING topic, head"
        ).bindparams(*binds, *counts),
        writes=True,
    )


class SqlLive:
    """Reads what `append` wrote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, topic: str, after: int, limit: int = 500) -> list[Event]:
        """At most ``limit`` events that follow ``after``, in order. Raises CursorGoneError."""
        query = (
            select(LiveEventRow.seq, LiveEventRow.at, LiveEventRow.kind, LiveEventRow.data)
            .where(LiveEventRow.topic == topic, LiveEventRow.seq > after)
            .order_by(LiveEventRow.seq)
            .limit(limit)
        )
        with self._database.read() as session:
            rows = session.execute(query).all()
            head, floor = self._bounds(session, topic)
        if (rows and rows[0].seq != after + 1) or not floor <= after <= head:
            raise CursorGoneError(topic, head)
        return [Event(row.seq, row.at, row.kind, json.loads(row.data)) for row in rows]

    def head(self, topic: str) -> int:
        """The newest number; 0 for a topic without events."""
        with self._database.read() as session:
            return self._bounds(session, topic)[0]

    def version(self) -> int:
        """Differs when anybody wrote an event since."""
        with self._database.read() as session:
            return session.scalar(select(func.max(LiveEventRow.id))) or 0

    def changed(self, mark: int) -> tuple[int, dict[str, int]]:
        """The next mark, and the topics with events since ``mark``; see `FeedStorage.changed`."""
        if mark < 0:
            return self.version(), {}
        query = (
            select(LiveEventRow.topic, func.max(LiveEventRow.id), func.max(LiveEventRow.seq))
            .where(LiveEventRow.id > mark)
            .group_by(LiveEventRow.topic)
        )
        with self._database.read() as session:
            found = session.execute(query).all()
        heads = {topic: head for topic, _newest, head in found}
        return max((newest for _topic, newest, _head in found), default=mark), heads

    @staticmethod
    def _bounds(session: Session, topic: str) -> tuple[int, int]:
        row = session.get(LiveTopicRow, topic)
        return (row.head, row.floor) if row else (0, 0)


def prune(database: Database, before: datetime) -> int:
    """Remove events older than ``before``; readers away for longer read the state afresh.

    The newest event stays, so that numbers over all topics never go back. Answers how many went.
    """
    gone = 0
    while True:
        with database.write() as session:
            newest = session.scalar(select(func.max(LiveEventRow.id))) or 0
            ids: list[Any] = list(
                session.scalars(
                    select(LiveEventRow.id)
                    .where(LiveEventRow.at < stamp(before), LiveEventRow.id < newest)
                    .order_by(LiveEventRow.id)
                    .limit(_BATCH)
                )
            )
            if not ids:
                return gone
            removed = session.execute(
                delete(LiveEventRow)
                .where(LiveEventRow.id.in_(ids))
                .returning(LiveEventRow.topic, LiveEventRow.seq)
            ).all()
            floors: dict[str, int] = {}
            for topic, seq in removed:
                floors[topic] = max(seq, floors.get(topic, 0))
            for topic, floor in floors.items():
                session.execute(
                    update(LiveTopicRow).where(LiveTopicRow.topic == topic).values(floor=floor)
                )
        gone += len(ids)
