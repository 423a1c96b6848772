"""Reports that arrive at the same time share a commit, and each is told what became of it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from typing import Any

import pytest

from comm_server.intake.arrivals import Arrival, Arrivals
from tests.support.site import TestSite


def arrival(site: TestSite, number: int) -> Arrival:
    return (site.now, "sentry", site.dsn()[0], "", b"report %d" % number)


def bodies(site: TestSite) -> list[bytes]:
    return [row["body"] for row in site.store.rows("SELECT body FROM raw ORDER BY id")]


def counting(site: TestSite, monkeypatch: pytest.MonkeyPatch) -> list[Callable[..., Any]]:
    """The works that are submitted from now on."""
    works: list[Callable[..., Any]] = []
    real = site.store.submit

    def submit(work: Callable[..., Any]) -> Any:
        works.append(work)
        return real(work)

    monkeypatch.setattr(site.store, "submit", submit)
    return works


def test_what_comes_while_a_commit_is_under_way_shares_the_next(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    rows = [arrival(site, number) for number in range(20)]
    works = counting(site, monkeypatch)

    async def all_at_once() -> None:
        arrivals = Arrivals(site.store)
        await asyncio.gather(*(arrivals.keep(row) for row in rows))

    asyncio.run(all_at_once())
    assert bodies(site) == [row[4] for row in rows]
    assert len(works) == 2  # the first alone, the nineteen others together


def test_nobody_is_told_yes_before_the_commit(site: TestSite):
    row = arrival(site, 1)
    gate = threading.Event()
    site.store.submit(lambda _connection: gate.wait(60))  # the disk is busy

    async def one() -> None:
        waiting = asyncio.create_task(Arrivals(site.store).keep(row))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert bodies(site) == []
        gate.set()
        await waiting

    asyncio.run(one())
    assert bodies(site) == [row[4]]


def test_a_commit_that_fails_is_told_to_all_who_shared_it_and_the_next_ones_are_stored(
    site: TestSite,
):
    good = arrival(site, 1)
    bad: Arrival = (site.now, "sentry", 999, "", b"of no DSN")

    async def run() -> list[BaseException | None]:
        arrivals = Arrivals(site.store)
        told = await asyncio.gather(arrivals.keep(bad), return_exceptions=True)
        told += await asyncio.gather(arrivals.keep(good), return_exceptions=True)
        return told

    failed, stored = asyncio.run(run())
    assert isinstance(failed, sqlite3.IntegrityError)
    assert stored is None
    assert bodies(site) == [good[4]]


def test_a_store_that_takes_nothing_is_told_at_once(
    site: TestSite, monkeypatch: pytest.MonkeyPatch
):
    row = arrival(site, 1)

    def closed(_work: object) -> None:
        raise sqlite3.ProgrammingError("closed")

    monkeypatch.setattr(site.store, "submit", closed)

    async def run() -> None:
        arrivals = Arrivals(site.store)
        for _ in range(2):
            with pytest.raises(sqlite3.ProgrammingError):
                await arrivals.keep(row)

    asyncio.run(run())


def test_a_sender_that_gave_up_holds_up_nobody(site: TestSite):
    rows = [arrival(site, number) for number in range(3)]

    async def run() -> None:
        arrivals = Arrivals(site.store)
        leaving = asyncio.create_task(arrivals.keep(rows[0]))
        staying = [asyncio.create_task(arrivals.keep(row)) for row in rows[1:]]
        await asyncio.sleep(0)
        leaving.cancel()
        await asyncio.gather(*staying)

    asyncio.run(run())
    assert bodies(site) == [row[4] for row in rows]
