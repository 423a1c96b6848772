"""Two nodes write at the same time: whoever follows the events misses none of them."""

from __future__ import annotations

import threading
from functools import partial

from sqlalchemy import select

from appliance.domain.work import Work
from appliance.store.database import Database
from appliance.store.floor import SqlFloor
from appliance.store.live import LiveEventRow, SqlLive
from common.clock import SystemClock
from common.vault import Vault

EVENTS = 80  # of each node


def tell(agent: int, work: Work) -> None:
    """In one topic alone: one that all share would make them wait for each other by itself."""
    work.tell("message.said", who="system", agent=agent)


def test_events_become_visible_in_their_order(database: Database, vault: Vault):
    """The mark of the watch only ever goes up, so an event below it would never be seen."""
    live = SqlLive(database)
    mark, _topics = live.changed(-1)
    begin = mark
    agents = (begin + 10_001, begin + 10_002)  # one of each node; topics that nobody has used
    seen: set[int] = set()
    done = threading.Event()

    def follow() -> None:
        nonlocal mark
        while True:
            last = done.is_set()
            with database.read() as session:
                fresh = session.scalars(select(LiveEventRow.id).where(LiveEventRow.id > mark)).all()
            seen.update(fresh)
            mark = max([mark, *fresh])
            if last:
                return

    def write(node: Database, agent: int) -> None:
        floor = SqlFloor(node, SystemClock(), vault)
        try:
            for _ in range(EVENTS):
                floor.write(partial(tell, agent))
        finally:
            floor.close()

    second = Database(database.url)
    threads = [
        threading.Thread(target=write, args=at)
        for at in zip((database, second), agents, strict=True)
    ]
    watch = threading.Thread(target=follow)
    for thread in (watch, *threads):
        thread.start()
    for thread in threads:
        thread.join(120)
    done.set()
    watch.join(60)
    second.close()
    with database.read() as session:
        kept = set(session.scalars(select(LiveEventRow.id).where(LiveEventRow.id > begin)))
    assert len(kept) == 2 * EVENTS
    assert seen == kept
    for agent in agents:
        numbers = [event.seq for event in live.read(f"agent/{agent}", 0, 1000)]
        assert numbers == list(range(1, EVENTS + 1))
