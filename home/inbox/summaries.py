"""One row for each problem that lists show, so that a list of ten thousand is quick.

Everything in it follows from the other tables. Whoever changes those calls `refresh` in the same
transaction; `fill` makes up, at the start, what an older version did not write.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable
from functools import partial
from typing import Any

from common.spool import Store

# Everything a search looks through, of one problem; names past that are not found.
_MOST_WORDS = 20_000
_MOST_NAMES = 500
_BATCH = 500
_KEEP_MESSAGES = 20  # lines of what its reports said


def head_of(connection: sqlite3.Connection, problem: int) -> int:
    """The problem that ``problem`` counts as."""
    row = connection.execute(
        "SELECT COALESCE(merged_into, id) FROM problems WHERE id = ?", [problem]
    ).fetchone()
    return problem if row is None else int(row[0])


def refresh(connection: sqlite3.Connection, problems: Iterable[int]) -> None:
    """Compute the rows of these problems anew; one that was merged is its head's."""
    for head in {head_of(connection, problem) for problem in problems}:
        _refresh(connection, head)


def fill(store: Store) -> int:
    """Compute what is missing; answers how many. Killed anywhere, the next start goes on."""
    done = 0
    while True:
        missing = [
            row["id"]
            for row in store.rows(
                "SELECT id FROM problems p WHERE merged_into IS NULL AND NOT EXISTS"
                " (SELECT 1 FROM summaries WHERE problem = p.id) AND EXISTS"
                " (SELECT 1 FROM sightings WHERE problem = p.id) LIMIT ?",
                [_BATCH],
            )
        ]
        if not missing:
            return done
        store.write(partial(refresh, problems=missing))
        done += len(missing)


def remember(connection: sqlite3.Connection, problem: int, said: str) -> None:
    """Keep what a report said, for the search; the first lines of each kind stay."""
    row = connection.execute("SELECT messages FROM problems WHERE id = ?", [problem]).fetchone()
    if row is None or not said:
        return
    lines = row["messages"].splitlines()
    fresh = [line[:300] for line in said.splitlines() if line[:300] not in lines]
    if fresh and len(lines) < _KEEP_MESSAGES:
        connection.execute(
            "UPDATE problems SET messages = ? WHERE id = ?",
            ["\n".join([*lines, *fresh][:_KEEP_MESSAGES]), problem],
        )


def _refresh(connection: sqlite3.Connection, head: int) -> None:
    members = connection.execute(
        "SELECT * FROM problems WHERE id = ? OR merged_into = ? ORDER BY id != ?, id",
        [head, head, head],
    ).fetchall()
    seen = connection.execute(
        "SELECT s.*, sites.name AS site_name FROM sightings s JOIN sites ON sites.id = s.site"
        " WHERE s.problem IN (SELECT id FROM problems WHERE id = ? OR merged_into = ?)"
        " ORDER BY s.first_seen",
        [head, head],
    ).fetchall()
    connection.execute("DELETE FROM summaries WHERE problem = ?", [head])
    if not seen or members[0]["merged_into"] is not None:
        return
    row = {"problem": head, "program": members[0]["program"]}
    row |= _numbers(seen)
    row |= _work(connection, members[0], seen)
    row["status"] = _status(row["state"], {one["status"] for one in seen})
    row["words"] = _words(members, row)
    for name in ("sites", "releases", "machines"):
        row[name] = json.dumps(row[name], ensure_ascii=False)
    columns = ", ".join(row)
    places = ", ".join("?" * len(row))
    connection.execute(
        f"INSERT INTO summaries ({columns}) VALUES ({places})",  # noqa: S608 - our own words
        list(row.values()),
    )


def _numbers(seen: list[sqlite3.Row]) -> dict[str, Any]:
    return {
        "count": sum(one["count"] for one in seen),
        "first_seen": min(one["first_seen"] for one in seen),
        "last_seen": max(one["last_seen"] for one in seen),
        "sites": sorted({one["site_name"] for one in seen}),
        "releases": _all(seen, "releases"),
        "machines": _all(seen, "machines"),
        # Broken since the release that the site named which saw it first.
        "since_release": seen[0]["since_release"] or "",
    }


def _all(seen: list[sqlite3.Row], column: str) -> list[str]:
    return sorted({name for one in seen for name in json.loads(one[column])})[:_MOST_NAMES]


def _work(
    connection: sqlite3.Connection, head: sqlite3.Row, seen: list[sqlite3.Row]
) -> dict[str, Any]:
    """Where the vendor's work on it stands, and whether it needs a person."""
    last = connection.execute(
        "SELECT kind, value, who, at FROM decisions WHERE problem = ?"
        " AND kind IN ('resolved', 'ignored', 'open') ORDER BY id DESC LIMIT 1",
        [head["id"]],
    ).fetchone()
    given = connection.execute(
        "SELECT value FROM decisions WHERE problem = ? AND kind = 'assigned'"
        " ORDER BY id DESC LIMIT 1",
        [head["id"]],
    ).fetchone()
    regressed = max((one["regressed_at"] or "" for one in seen), default="")
    state = "" if last is None or last["kind"] == "open" else last["kind"]
    back = [one for one in seen if last is not None and (one["regressed_at"] or "") > last["at"]]
    if state == "resolved" and back:
        state = "back"
    came_back = {one["came_back_in"] for one in back} - {""} if state == "back" else set()
    waits = head["seen_at"] is None or regressed > head["seen_at"]
    return {
        "state": state,
        "open": int(waits and state not in {"resolved", "ignored"}),
        "resolved_in": last["value"] if state in {"resolved", "back"} else "",
        "came_back_in": ", ".join(sorted(came_back)),
        "decided_by": last["who"] if last else "",
        "decided_at": last["at"] if last else "",
        "assigned_to": given["value"] if given else "",
    }


def _status(state: str, words: set[str]) -> str:
    """By the sites' word, as long as the vendor has not decided otherwise."""
    if state:
        return "regression" if state == "back" else state
    return next((word for word in ("regression", "new") if word in words), "known")


def _words(members: list[sqlite3.Row], row: dict[str, Any]) -> str:
    parts = [
        one[name]
        for one in members
        for name in ("title", "type", "place", "program", "fingerprint", "messages")
    ]
    parts += [row["assigned_to"], *row["sites"], *row["releases"], *row["machines"]]
    return "\n".join(dict.fromkeys(part for part in parts if part))[:_MOST_WORDS]
