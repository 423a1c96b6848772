"""The rows of a rollout: begun once, only ever wider, and every decision kept."""

from __future__ import annotations

import json
import sqlite3

from packaging.version import Version

from comm_server.rollout.reading import Rows, rows_of
from comm_server.rollout.rules import Why
from common.spool import Row

_MOST_DECISIONS = 2000


def current(rows: Rows, product: str, channel: str, version: str) -> Row | None:
    """The row as it is, or None."""
    found = rows(
        "SELECT * FROM rollouts WHERE product = ? AND channel = ? AND version = ?",
        (product, channel, version),
    )
    return found[0] if found else None


def begin(
    connection: sqlite3.Connection,
    product: str,
    channel: str,
    version: str,
    rings: list[str],
    now: str,
) -> tuple[Row, bool]:
    """The rollout's row, made when it is missing; whether it was."""
    added = connection.execute(
        "INSERT INTO rollouts (product, channel, version, rings, began_at, watched_from) "
        "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
        (product, channel, version, json.dumps(rings, ensure_ascii=False), now, now),
    ).rowcount
    row = current(rows_of(connection), product, channel, version)
    assert row is not None  # noqa: S101 - it was there, or was inserted above
    return row, bool(added)


def decided(
    connection: sqlite3.Connection,
    row: Row,
    now: str,
    why: Why,
    *,
    done: bool = False,
    keep: bool = True,
    person: str = "",
) -> None:
    """How it stands now; ``keep`` also writes it into the list of decisions."""
    facts = json.dumps(why.facts, ensure_ascii=False)
    connection.execute(
        "UPDATE rollouts SET code = ?, facts = ?, done_at = CASE WHEN ? THEN ? ELSE done_at END "
        "WHERE product = ? AND channel = ? AND version = ?",
        (why.code, facts, done, now, row["product"], row["channel"], row["version"]),
    )
    if keep:
        keep_decision(connection, row["product"], row["version"], now, why, person)


def keep_decision(
    connection: sqlite3.Connection, product: str, version: str, now: str, why: Why, person: str = ""
) -> None:
    """Write one sentence down; the oldest of very many go."""
    connection.execute(
        "INSERT INTO rollout_decisions (at, product, version, code, facts, person) "
        "VALUES (?, ?, ?, ?, ?, ?)",
        (now, product, version, why.code, json.dumps(why.facts, ensure_ascii=False), person),
    )
    connection.execute(
        "DELETE FROM rollout_decisions WHERE id <= (SELECT max(id) FROM rollout_decisions) - ?",
        (_MOST_DECISIONS,),
    )


def superseded(rows: Rows, row: Row) -> bool:
    """Whether a newer version is here on the same channel, for every platform of this one."""
    found = rows(
        "SELECT platform, version FROM mirrored WHERE product = ? AND channel = ?",
        (row["product"], row["channel"]),
    )
    mine = {one["platform"] for one in found if one["version"] == row["version"]}
    newer = {one["platform"] for one in found if Version(one["version"]) > Version(row["version"])}
    return bool(mine) and mine <= newer
