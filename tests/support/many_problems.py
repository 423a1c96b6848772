"""A home of many sites with many problems, written straight into its tables.

``python -m tests.support.many_problems FOLDER [PROBLEMS] [SITES]`` fills ``FOLDER/home.db`` and
prints how long the lists take; nothing there is asserted.
"""

from __future__ import annotations

import json
import random
import sqlite3
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from common.clock import stamp
from common.spool import Store
from common.web import sparkline
from home.inbox import histogram, summaries
from home.inbox.problems import PER_PAGE, Filter, how_many, list_problems, members_of, problem
from home.schema import migrations

NOW = datetime(2026, 11, 21, 9, tzinfo=UTC)
_WORDS = ["trunk", "queue", "agent", "wallboard", "transfer", "recording", "offer", "voicemail",
          "login", "chat", "socket", "database", "disk", "clock", "certificate"]  # fmt: skip
_BATCH = 500


def fill(store: Store, problems: int, sites: int, *, hours: int = 20) -> None:
    """Most problems are at a few sites, one of a hundred is everywhere; ``hours`` at each site."""
    chance = random.Random(7)  # the same every time
    at = stamp(NOW)
    names = [f"site-{n:03}" for n in range(sites)]

    def some(connection: sqlite3.Connection, first: int) -> None:
        for number in range(first, min(first + _BATCH, problems)):
            said = " ".join(chance.sample(_WORDS, 4))
            connection.execute(
                "INSERT INTO problems (id, program, fingerprint, grouper, title, type, place,"
                " level, arrived_at, messages) VALUES (?, ?, ?, 'v1', ?, ?, ?, 'error', ?, ?)",
                [number + 1, f"program-{number % 12}", f"{number:032x}", f"Error{number}: {said}",
                 f"Error{number}", f"module.{said.split()[0]} in work", at, said * 3],
            )  # fmt: skip
            many = sites if number % 100 == 0 else chance.randint(1, 8)
            for name in chance.sample(names, min(many, sites)):
                seen = NOW - timedelta(hours=chance.randint(0, 300))
                connection.execute(
                    "INSERT INTO sightings (problem, site, sequence, count, first_seen, last_seen,"
                    " releases, since_release, machines, status)"
                    " VALUES (?, ?, 1, ?, ?, ?, ?, '1.0', ?, 'new')",
                    [number + 1, name, chance.randint(1, 500), stamp(seen - timedelta(days=9)),
                     stamp(seen), json.dumps([f"program-{number % 12}@1.{n}" for n in range(3)]),
                     json.dumps([f"seat-{n}" for n in range(6)])],
                )  # fmt: skip
                connection.executemany(
                    "INSERT INTO problem_hours (problem, site, hour, sequence, count)"
                    " VALUES (?, ?, ?, 1, ?)",
                    [
                        (number + 1, name, stamp(NOW - timedelta(hours=h)), 3)
                        for h in chance.sample(range(336), hours)
                    ],
                )

    store.write(
        lambda connection: connection.executemany(
            "INSERT INTO sites (id, name, added_at) VALUES (?, ?, ?)",
            [(name, f"Site {name}", at) for name in names],
        )
    )
    for first in range(0, problems, _BATCH):
        store.write(lambda connection, first=first: some(connection, first), 600)  # type: ignore[misc]
    summaries.fill(store)


def _time(what: str, work: Callable[[], object]) -> None:
    work()
    begun = time.perf_counter()
    for _ in range(5):
        work()
    print(f"{what:<40} {(time.perf_counter() - begun) * 200:8.1f} ms")  # noqa: T201


def _pictures(store: Store, by: Filter, span: str) -> None:
    rows = list_problems(store, by, PER_PAGE)
    members = members_of(store, [row["id"] for row in rows])
    for counted in histogram.since(store, members, sparkline.begins(span, NOW)).values():
        sparkline.sparkline(counted, span, NOW, "x")


def main(folder: str, problems: str = "10000", sites: str = "200") -> None:
    """Fill and measure."""
    store = Store(Path(folder) / "home.db", migrations())
    if not store.value("SELECT count(*) FROM problems"):
        begun = time.perf_counter()
        fill(store, int(problems), int(sites))
        print(f"filled in {time.perf_counter() - begun:.0f} s")  # noqa: T201
    for table in ("problems", "sites", "sightings", "problem_hours"):
        print(f"{table:<40} {store.value(f'SELECT count(*) FROM {table}'):8}")  # noqa: T201
    busy = Filter(sort="busiest")
    for what, by in (
        ("first page", Filter()),
        ("search, many hits", Filter(search="trunk queue")),
        ("search, one hit", Filter(search="error9876 site-003")),
        ("search, nothing", Filter(search="no such word")),
        ("one site", Filter(site="site-003")),
        ("one release", Filter(release="program-3@1.2")),
        ("one program, by status", Filter(program="program-3", status="new")),
        ("busiest", busy),
    ):
        _time(what, lambda by=by: (list_problems(store, by, PER_PAGE), how_many(store, by)))  # type: ignore[misc]
    _time("page 150", lambda: list_problems(store, Filter(), PER_PAGE, 150 * PER_PAGE))
    _time("page with trends, 14 days", lambda: _pictures(store, Filter(), "14d"))
    _time("busiest with trends, 14 days", lambda: _pictures(store, busy, "14d"))
    _time("busiest with trends, 24 hours", lambda: _pictures(store, busy, "24h"))
    _time("one problem at every site", lambda: problem(store, 1))
    _time("its chart", lambda: histogram.hours(store, 1))
    _time("its row anew", lambda: store.write(lambda c: summaries.refresh(c, [1])))
    store.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
