"""Two fingerprints that are one fault: merged, and taken apart again.

A merged problem keeps its own rows, and new reports of its fingerprint go on being counted in them;
every list and page counts them with the problem that it was merged into. So taking them apart gives
back exactly what each had, and what came meanwhile. Sites know nothing of it.
"""

from __future__ import annotations

import sqlite3

from common.clock import Clock, stamp
from common.errors import RefusedError
from common.spool import Store
from home.inbox import summaries
from home.inbox.decisions import note


def merge(store: Store, into: int, other: int, who: str, clock: Clock) -> int:
    """Let ``other``, and all that was merged into it, count as ``into``; answers the head's number.

    The head's decisions hold from now on; those of ``other`` stay in its history.

    Raises:
        RefusedError: kind ``unknown``, ``same``, or ``program``: a release of one program fixes
            nothing in another.
    """
    at = stamp(clock.now())

    def work(connection: sqlite3.Connection) -> int:
        head, gone = (summaries.head_of(connection, number) for number in (into, other))
        names = {
            row["id"]: row["program"]
            for row in connection.execute(
                "SELECT id, program FROM problems WHERE id IN (?, ?)", (head, gone)
            )
        }
        if head not in names or gone not in names:
            raise RefusedError("unknown", "There is no problem of this number.")
        if head == gone:
            raise RefusedError("same", "These two are one problem already.")
        if names[head] != names[gone]:
            raise RefusedError("program", "Problems of two programs cannot be merged.")
        connection.execute(
            "UPDATE problems SET merged_into = ? WHERE id = ? OR merged_into = ?",
            (head, gone, gone),
        )
        # A decision's number tells sites which of two statements is newer.
        note(connection, head, "merged", str(gone), who, at)
        connection.execute("DELETE FROM summaries WHERE problem = ?", (gone,))
        summaries.refresh(connection, [head])
        return head

    return store.write(work)


def split(store: Store, member: int, who: str, clock: Clock) -> int:
    """Let a merged problem stand for itself again; answers the number that it was part of.

    Raises:
        RefusedError: kind ``unknown``: it is not merged.
    """
    at = stamp(clock.now())

    def work(connection: sqlite3.Connection) -> int:
        row = connection.execute(
            "SELECT merged_into FROM problems WHERE id = ?", (member,)
        ).fetchone()
        if row is None or row["merged_into"] is None:
            raise RefusedError("unknown", "This problem is not merged into another one.")
        head = int(row["merged_into"])
        connection.execute("UPDATE problems SET merged_into = NULL WHERE id = ?", (member,))
        note(connection, head, "split", str(member), who, at)
        summaries.refresh(connection, [head, member])
        return head

    return store.write(work)
