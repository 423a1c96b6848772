"""How often problems occurred in each hour, at each site and over all of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping

from common.spool import Store
from common.wire.bundle import Opened


def merge(
    connection: sqlite3.Connection, problem: int, opened: Opened, hours: Iterable[tuple[str, int]]
) -> None:
    """Take over what a bundle says about its hours; inside `record`'s transaction.

    A count is the site's absolute one for its hour when the bundle was made: each hour is what
    the newest bundle that named it said, in whatever order the bundles come.
    """
    connection.executemany(
        "INSERT INTO problem_hours (problem, site, hour, sequence, count) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (problem, hour, site) DO UPDATE SET"
        " sequence = excluded.sequence, count = excluded.count"
        " WHERE excluded.sequence >= sequence",
        [(problem, opened.site, hour, opened.sequence, count) for hour, count in hours],
    )


def hours(store: Store, problem: int) -> list[tuple[str, int]]:
    """``(hour, count)`` over all sites and all that was merged into it, oldest first."""
    rows = store.rows(
        "SELECT hour, SUM(count) AS count FROM problem_hours WHERE problem IN"
        " (SELECT id FROM problems WHERE id = ? OR merged_into = ?) GROUP BY hour ORDER BY hour",
        [problem, problem],
    )
    return [(row["hour"], row["count"]) for row in rows]


def since(store: Store, members: Mapping[int, int], first: str) -> dict[int, list[tuple[str, int]]]:
    """``(hour, count)`` from the hour ``first`` on, for each head of ``{member: head}``."""
    found: dict[int, list[tuple[str, int]]] = {head: [] for head in members.values()}
    if not members:
        return found
    places = ", ".join("?" * len(members))
    for row in store.rows(
        "SELECT problem, hour, SUM(count) AS count FROM problem_hours"  # noqa: S608 - places alone
        f" WHERE problem IN ({places}) AND hour >= ? GROUP BY problem, hour",
        [*members, first],
    ):
        found[members[row["problem"]]].append((row["hour"], row["count"]))
    return found
