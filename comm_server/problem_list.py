"""Problems of this site as a list that is searched, narrowed and turned page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from comm_server import problems
from common.spool import Store

# What the vendor resolved, and what came back, stands in another table.
_FROM = "FROM problems p LEFT JOIN resolutions r ON r.problem = p.id"
_ORDERS = {
    "latest": "p.last_seen DESC, p.id DESC",
    "newest": "p.first_seen DESC, p.id DESC",
    "busiest": "p.count DESC, p.id DESC",
}
_STATES = {
    "new": "p.mailed_count = 0",
    "back": "r.came_back_at IS NOT NULL",
    "resolved": "r.release IS NOT NULL AND r.came_back_at IS NULL",
    "fatal": "p.level = 'fatal'",
}
SORTS = tuple(_ORDERS)
STATES = tuple(_STATES)


@dataclass(frozen=True)
class Filter:
    """What the list is narrowed to; empty means all.

    Attributes:
        search: words, each of which stands in title, type, place, program, fingerprint, in a
            report that is still here, or names a release or a machine that it was seen on.
        program: exactly this program.
        machine: seen on this machine.
        state: one of `STATES`.
        sort: one of `SORTS`; empty: the latest seen first.
    """

    search: str = ""
    program: str = ""
    machine: str = ""
    state: str = ""
    sort: str = ""


def list_problems(store: Store, by: Filter, limit: int, offset: int = 0) -> list[dict[str, Any]]:
    """Problems as `comm_server.problems.by_id` tells them."""
    where, values = _where(by)
    order = _ORDERS.get(by.sort, _ORDERS["latest"])
    rows = store.rows(
        f"SELECT p.id {_FROM} WHERE {where} ORDER BY {order} LIMIT ? OFFSET ?",
        [*values, limit, offset],
    )
    found = (problems.by_id(store, row["id"]) for row in rows)
    return [one for one in found if one is not None]


def how_many(store: Store, by: Filter) -> int:
    """How many the filter leaves."""
    where, values = _where(by)
    return int(store.value(f"SELECT count(*) {_FROM} WHERE {where}", values))


def choices(store: Store) -> dict[str, list[str]]:
    """``programs`` and ``machines`` that have reported."""
    return {
        name: [
            row["name"]
            for row in store.rows(
                f"SELECT DISTINCT {column} AS name FROM dsns ORDER BY 1 LIMIT 500"  # noqa: S608
            )
        ]
        for name, column in (("programs", "program"), ("machines", "machine"))
    }


def hours_since(
    store: Store, numbers: Iterable[int], first: str
) -> dict[int, list[tuple[str, int]]]:
    """``(hour, count)`` from the hour ``first`` on, by problem."""
    found: dict[int, list[tuple[str, int]]] = {number: [] for number in numbers}
    if not found:
        return found
    places = ", ".join("?" * len(found))
    for row in store.rows(
        f"SELECT problem, hour, count FROM problem_hours WHERE problem IN ({places}) "  # noqa: S608
        "AND hour >= ?",
        [*found, first],
    ):
        found[row["problem"]].append((row["hour"], row["count"]))
    return found


def _where(by: Filter) -> tuple[str, list[str]]:
    where, values = ["1"], []
    for word in by.search.split()[:10]:
        like = f"%{_escape(word)}%"
        where.append(
            "((p.title || ' ' || p.type || ' ' || p.place || ' ' || p.program || ' ' || "
            "p.fingerprint) LIKE ? ESCAPE '\\' OR p.id IN (SELECT problem FROM problem_seen "
            "WHERE release LIKE ? ESCAPE '\\' OR machine LIKE ? ESCAPE '\\') OR p.id IN "
            "(SELECT problem FROM reports WHERE event LIKE ? ESCAPE '\\'))"
        )
        values += [like] * 4
    if by.program:
        where.append("p.program = ?")
        values.append(by.program)
    if by.machine:
        where.append("p.id IN (SELECT problem FROM problem_seen WHERE machine = ?)")
        values.append(by.machine)
    if by.state:
        where.append(_STATES.get(by.state, "0"))
    return " AND ".join(where), values


def _escape(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
