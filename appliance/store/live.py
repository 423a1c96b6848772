"""The feed on the appliance's own database; implements `common.feed.storage.FeedStorage`.

One writer at a time (see `appliance.store.floor`), so that numbers become visible in their order.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

import orjson
from sqlalchemy import BigInteger, Index, Integer, String, bindparam, delete, func, select, text
from sqlalchemy import Text as LongText
from sqlalchemy.orm import Mapped, mapped_column

from appliance.store.database import Database
from appliance.store.models import Base
from appliance.store.quick import LISTED, Line, Quick, Rows
from common.clock import stamp
from common.feed.events import MOST_DATA_BYTES
from common.feed.storage import CursorGoneError, Event, Fresh

_BATCH = 1000  # rows removed in one transaction, so that the writer does not wait


class LiveTopicRow(Base):
    """``floor``: the newest number removed; a topic that lost nothing has no row."""

    __tablename__ = "live_topics"

    topic: Mapped[str] = mapped_column(String(100), primary_key=True)
    floor: Mapped[int]


class LiveEventRow(Base):
    """See `common.feed.storage.Event`; ``id`` is the order over all topics."""

    __tablename__ = "live_events"
    __table_args__ = (Index("ix_live_events_topic_seq", "topic", "seq", unique=True),)

    id: Mapped[int] = mapped_column(primary_key=True)
    topic: Mapped[str] = mapped_column(String(100))
    seq: Mapped[int]
    at: Mapped[str] = mapped_column(String(24))
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
    last, newest = _heads(line, {one.topic for one in told})
    fresh = []
    for place, one in enumerate(told, 1):
        last[one.topic] += 1
        # SQLite numbers rows one after the other; a server may leave numbers out.
        mark = newest + place if line.kind == "sqlite" else 0
        fresh.append(Fresh(one.topic, last[one.topic], one.at, one.kind, one.text, mark))
    _ADD_EVENTS.add(line, [
        {"topic": one.topic, "seq": one.seq, "at": one.at, "kind": one.kind, "data": one.text}
        for one in fresh
    ])  # fmt: skip
    return fresh


_ADD_EVENTS = Rows(
    "live_events",
    {"topic": String(), "seq": Integer(), "at": String(), "kind": String(), "data": LongText()},
)
# However many topics there are, it is one statement with one value, compiled once.
_HEADS = {
    kind: Quick(
        text(
            "SELECT value, coalesce("  # noqa: S608 - names from the code alone
            "(SELECT max(seq) FROM live_events WHERE topic = value), "
            "(SELECT floor FROM live_topics WHERE topic = value), 0), "
            "coalesce((SELECT max(id) FROM live_events), 0) "
            f"FROM {listed.format('topics')} AS asked"
        ).bindparams(bindparam("topics", type_=LongText())),
        writes=False,
    )
    for kind, listed in LISTED.items()
}


def _heads(line: Line, topics: Iterable[str]) -> tuple[dict[str, int], int]:
    """The newest number ever given in each topic (0: none), and over all topics."""
    asked = orjson.dumps(list(topics)).decode()
    rows = _HEADS[line.kind].rows(line, {"topics": asked})
    return {topic: head for topic, head, _ in rows}, rows[0][2] if rows else 0


class SqlLive:
    """Reads what `append` wrote."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def read(self, topic: str, after: int, limit: int = 500) -> list[Event]:
        """At most ``limit`` events that follow ``after``, in order. Raises CursorGoneError."""
        with self._database.line() as line:
            rows = _FOLLOWING.rows(line, {"topic": topic, "after": after, "most": limit})
            # Read after the rows, so that it is never older than they are.
            head, floor = _bounds(line, topic)
        if (rows and rows[0][0] != after + 1) or not floor <= after <= head:
            raise CursorGoneError(topic, head)
        return [Event(seq, at, kind, json.loads(data)) for seq, at, kind, data in rows]

    def head(self, topic: str) -> int:
        """The newest number; 0 for a topic without events."""
        with self._database.line() as line:
            return _bounds(line, topic)[0]

    def version(self) -> int:
        """Differs when anybody wrote an event since."""
        with self._database.line() as line:
            return _NEWEST.rows(line, {})[0][0] or 0

    def changed(self, mark: int) -> tuple[int, dict[str, int]]:
        """The next mark, and the topics with events since ``mark``; see `FeedStorage.changed`."""
        if mark < 0:
            return self.version(), {}
        with self._database.line() as line:
            ((newest, heads),) = _SINCE[line.kind].rows(line, {"mark": mark})
        return (newest, orjson.loads(heads)) if newest else (mark, {})


_FOLLOWING = Quick(  # asked by everybody who connects, all at once after a restart
    text(
        "SELECT seq, at, kind, data FROM live_events WHERE topic = :topic AND seq > :after "
        "ORDER BY seq LIMIT :most"
    ).bindparams(
        bindparam("topic", type_=LongText()),
        bindparam("after", type_=BigInteger()),  # whatever a reader claims to have
        bindparam("most", type_=Integer()),
    ),
    writes=False,
)
_NEWEST = Quick(select(func.max(LiveEventRow.id)), writes=False)
# Each second, hundreds of topics: in one row, because each row is a turn of the interpreter between
# this thread and the one with the sockets. Grouped by an expression: by the topic alone SQLite goes
# through the whole index of topics instead of what is new.
_SINCE = {
    kind: Quick(
        text(
            f"SELECT max(newest), {heads} FROM (SELECT topic || '' AS name, max(id) AS newest, "  # noqa: S608 - names from the code alone
            "max(seq) AS head FROM live_events WHERE id > :mark GROUP BY name) AS found"
        ).bindparams(bindparam("mark", type_=BigInteger())),
        writes=False,
    )
    for kind, heads in (
        ("sqlite", "json_group_object(name, head)"),
        ("postgresql", "CAST(json_object_agg(name, head) AS text)"),
    )
}
_BOUNDS = Quick(
    select(
        select(func.max(LiveEventRow.seq))
        .where(LiveEventRow.topic == bindparam("topic"))
        .scalar_subquery(),
        select(LiveTopicRow.floor)
        .where(LiveTopicRow.topic == bindparam("topic"))
        .scalar_subquery(),
    ),
    writes=False,
)


def _bounds(line: Line, topic: str) -> tuple[int, int]:
    """The newest number ever given in a topic, and the newest that was removed."""
    ((newest, floor),) = _BOUNDS.rows(line, {"topic": topic})
    return newest or floor or 0, floor or 0


def prune(database: Database, before: datetime) -> int:
    """Remove events older than ``before``; readers away for longer read the state afresh.

    The newest event stays, so that numbers over all topics never go back. Answers how many went.
    """
    gone = 0
    while some := _prune_some(database, stamp(before)):
        gone += some
    return gone


def _prune_some(database: Database, before: str) -> int:
    with database.write() as session:
        oldest = session.execute(
            select(LiveEventRow.id, LiveEventRow.at, LiveEventRow.topic, LiveEventRow.seq)
            .order_by(LiveEventRow.id)
            .limit(_BATCH + 1)
        ).all()[:-1]
        over = list(itertools.takewhile(lambda row: row.at < before, oldest))
        if not over:
            return 0
        session.execute(delete(LiveEventRow).where(LiveEventRow.id <= over[-1].id))
        for topic, floor in {row.topic: row.seq for row in over}.items():
            session.merge(LiveTopicRow(topic=topic, floor=floor))
    return len(over)
