"""Taking a frozen bundle apart again, so that smaller ones can be made of what it told.

Sequence numbers and the chain of hashes stay whole by one rule: a bundle may be taken apart only
when nobody can have it, and nobody can have any later one. Then it and all later ones go in one
transaction, newest first, and the numbers are given again from there; what a stranger could have
seen still has its number and its successor. Where the rule does not hold (a later bundle was sent
while this one was refused), the bundle stays as it is and a person is called: a stick
(`callstead comm export`) or a relay that takes more carries it home.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable

from common.spool import Row, Store

_OUT = "(perhaps_out OR sent_at IS NOT NULL OR exported_at IS NOT NULL OR before IS NULL)"
_TELLING = ("reports", "raw", "receipts", "refusals", "alarms", "resolutions")
_LAST = "bundle.last"


def remember_last(connection: sqlite3.Connection) -> None:
    """Note the last number and hash on another page too: they must outlive a damaged one."""
    connection.execute("DELETE FROM facts WHERE name = ?", (_LAST,))
    connection.execute(
        "INSERT INTO facts SELECT ?, sequence || ' ' || sha256 FROM bundles "
        "ORDER BY sequence DESC LIMIT 1",
        (_LAST,),
    )


def last_remembered(connection: sqlite3.Connection) -> tuple[int, str]:
    """What `remember_last` noted: ``(sequence, sha256)``; 0 when there is nothing."""
    row = connection.execute("SELECT value FROM facts WHERE name = ?", (_LAST,)).fetchone()
    number, _, sha256 = str(row[0]).partition(" ") if row else ("0", "", "")
    return (int(number), sha256) if number.isdecimal() else (0, "")


def tell_again(connection: sqlite3.Connection, sequences: Iterable[int], at: str) -> None:
    """What these bundles told and is still here goes into later ones; their bytes are lost.

    Their numbers are not given again: somebody may have them. The home keeps a report once,
    whichever bundle brings it, and counts of problems are totals.
    """
    for sequence in sequences:
        for table, there in (
            ("reports", "AND event IS NOT NULL"),
            ("raw", "AND body IS NOT NULL"),
            ("receipts", ""),
            ("refusals", ""),
            ("alarms", ""),
            ("resolutions", ""),
        ):
            connection.execute(
                f"UPDATE {table} SET bundle = NULL WHERE bundle = ? {there}",  # noqa: S608 - our own words
                (sequence,),
            )
        connection.execute(
            "UPDATE bundles SET state = 'delivered', delivered_at = ?, mail = NULL, before = NULL, "
            "trouble = 'damaged', last_error = 'Its bytes were damaged on the disk; what it told "
            "goes again in a later one.' WHERE sequence = ?",
            (at, sequence),
        )
    # Nobody knows which problems they told: those that were told last are told once more.
    connection.execute(
        "UPDATE problems SET mailed_count = max(mailed_count - 1, 0) "
        "WHERE mailed_count = count AND mailed_at >= coalesce("
        "(SELECT max(created_at) FROM bundles WHERE sequence < ?), '')",
        (min(sequences, default=0),),
    )


def before(connection: sqlite3.Connection, problems: Iterable[Row], tallies: Iterable[Row]) -> str:
    """What freezing changes and no other row remembers; kept in the bundle's ``before``."""
    mailed = [
        list(
            connection.execute(
                "SELECT id, mailed_count, mailed_at FROM problems WHERE id = ?", (row["id"],)
            ).fetchone()
        )
        for row in problems
    ]
    counts = [[row["kind"], row["reason"], row["count"]] for row in tallies]
    return json.dumps({"problems": mailed, "tallies": counts})


def replaceable(store: Store, sequence: int) -> bool:
    """Whether nobody can have this bundle or a later one."""
    return not store.value(
        f"SELECT count(*) FROM bundles WHERE sequence >= ? AND {_OUT}",  # noqa: S608 - our own words
        (sequence,),
    )


def unfreeze(store: Store, sequence: int) -> list[int]:
    """Take bundle ``sequence`` and all later ones apart; answers their numbers, newest first.

    Nothing happens when somebody may have one of them by now.
    """

    def work(connection: sqlite3.Connection) -> list[int]:
        rows = connection.execute(
            f"SELECT sequence, before, {_OUT} AS out FROM bundles "  # noqa: S608 - our own words
            "WHERE sequence >= ? ORDER BY sequence DESC",
            (sequence,),
        ).fetchall()
        if any(row["out"] for row in rows):
            return []
        for row in rows:
            _take_apart(connection, int(row["sequence"]), json.loads(row["before"]))
        remember_last(connection)
        return [int(row["sequence"]) for row in rows]

    return store.write(work)


def _take_apart(
    connection: sqlite3.Connection, sequence: int, kept: dict[str, list[list[object]]]
) -> None:
    for table in _TELLING:
        connection.execute(
            f"UPDATE {table} SET bundle = NULL WHERE bundle = ?",  # noqa: S608 - our own words
            (sequence,),
        )
    connection.executemany(
        "UPDATE problems SET mailed_count = ?, mailed_at = ? WHERE id = ?",
        [(count, at, identity) for identity, count, at in kept["problems"]],
    )
    connection.executemany(
        "INSERT INTO tallies (kind, reason, count) VALUES (?, ?, ?) "
        "ON CONFLICT (kind, reason) DO UPDATE SET count = count + excluded.count",
        kept["tallies"],
    )
    connection.execute("DELETE FROM sent_content WHERE sequence = ?", (sequence,))
    connection.execute("DELETE FROM bundles WHERE sequence = ?", (sequence,))
