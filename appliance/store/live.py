"""The feed on the appliance's own database; implements `common.feed.storage.FeedStorage`.

One writer at a time (see `appliance.store.floor`), so that numbers become visible in their order.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, delete, func, insert, select, update
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, Session, mapped_column

from appliance.store.database import Database
from appliance.store.models import Base
from common.clock import stamp
from common.feed.events import MOST_DATA_BYTES
from common.feed.storage import CursorGoneError, Event

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


def append(
    session: Session, topic: str, kind: str, data: Mapping[str, object], at: datetime
) -> int:
    """Write one event, in the transaction of the change it tells of; its number in the topic.

    Raises ValueError: ``data`` is over 16 KiB as JSON.
    """
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    if len(text.encode()) > MOST_DATA_BYTES:
        raise ValueError(f"an event of {len(text)} characters; at most {MOST_DATA_BYTES} bytes")
    seq = session.scalar(
        update(LiveTopicRow)
        .where(LiveTopicRow.topic == topic)
        .values(head=LiveTopicRow.head + 1)
        .returning(LiveTopicRow.head)
        .execution_options(synchronize_session=False)
    )
    if seq is None:
        seq = 1
        session.execute(insert(LiveTopicRow).values(topic=topic, head=1, floor=0))
    session.execute(
        insert(LiveEventRow).values(topic=topic, seq=seq, at=stamp(at), kind=kind, data=text)
    )
    return seq


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

    def changed(self, mark: int) -> tuple[int, set[str]]:
        """The topics with events since ``mark``, and the next mark. -1 answers just a mark."""
        if mark < 0:
            return self.version(), set()
        query = (
            select(LiveEventRow.topic, func.max(LiveEventRow.id))
            .where(LiveEventRow.id > mark)
            .group_by(LiveEventRow.topic)
        )
        with self._database.read() as session:
            found = session.execute(query).all()
        return max((newest for _topic, newest in found), default=mark), {row[0] for row in found}

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
